// The library in one include: load a model and run it, or define one, as Gluon does.
//
//   const auto model = baryon::LoadModel("nets/resnet", baryon::ComputePool());
//   const auto outputs = (*model)->Run(baryon::NamedTensors{{"data", picture}});
//
//   using namespace baryon;
//   nn::HybridSequential net;
//   net.Add(nn::Dense(256, {.activation = "relu"}), nn::Dense(128, {.activation = "relu"}), nn::Dense(2));
//   net.Initialize(init::Xavier());              // shapes follow from the first input
//   const NDArray x = np::random::Uniform(-1, 1, {1, 512});
//   std::cout << net << net(x) << "\n";          // computed operator by operator
//   net.Hybridize();                             // from now on compiled
//   const NDArray y = net(x);
//   if (!y.ok()) return y.status();              // the first error of everything that led to y
//   net.SaveParameters("net.params");            // MXNet loads all three
//   net.Export("net");                           // net-symbol.json, net-0000.params
//   auto same = gluon::SymbolBlock::Imports("net-symbol.json", {"data"}, "net-0000.params");
//
// np has the functions of arrays, npx those of networks, nn and rnn the layers, zoo whole networks, gluon what they are
// made of, init how parameters start; engine/examples/create_a_neural_network.cc goes through all of it. Errors are
// absl::Status with the thing, what was expected and what came. Executables may be run by any number of threads at
// once; blocks belong to one.
#ifndef BARYON_ENGINE_BARYON_H_
#define BARYON_ENGINE_BARYON_H_

#include "engine/base/thread_pool.h"
#include "engine/gluon/block.h"
#include "engine/gluon/compute.h"
#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/initializer.h"
#include "engine/gluon/invoke.h"
#include "engine/gluon/ndarray.h"
#include "engine/gluon/nn.h"
#include "engine/gluon/np.h"
#include "engine/gluon/npx.h"
#include "engine/gluon/parameter.h"
#include "engine/gluon/random.h"
#include "engine/gluon/rnn.h"
#include "engine/gluon/sequential.h"
#include "engine/gluon/symbol_block.h"
#include "engine/graph/graph.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/op_registry.h"
#include "engine/graph/run_op.h"
#include "engine/io/npy.h"
#include "engine/io/params_file.h"
#include "engine/io/preprocess.h"
#include "engine/io/symbol_json.h"
#include "engine/load_model.h"
#include "engine/runtime/executable.h"
#include "engine/tensor/tensor.h"
#include "engine/zoo/network_file.h"
#include "engine/zoo/zoo.h"

#endif  // BARYON_ENGINE_BARYON_H_

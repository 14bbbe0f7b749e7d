// The library in one include: load a model, run it.
//
//   baryon::ThreadPool pool(baryon::AvailableCores());
//   const auto model = baryon::LoadModel("nets/resnet", pool);
//   const auto outputs = (*model)->Run(baryon::NamedTensors{{"data", picture}});
//
// Errors are absl::Status with the thing, what was expected and what came. Executables may be run by any number of
// threads at once.
#ifndef BARYON_ENGINE_BARYON_H_
#define BARYON_ENGINE_BARYON_H_

#include "engine/base/thread_pool.h"
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

#endif  // BARYON_ENGINE_BARYON_H_

// mxnet.gluon.nn: all layers.
#ifndef BARYON_ENGINE_GLUON_NN_H_
#define BARYON_ENGINE_GLUON_NN_H_

#include "engine/gluon/nn/activation.h"
#include "engine/gluon/nn/batch_norm.h"
#include "engine/gluon/nn/concatenate.h"
#include "engine/gluon/nn/conv.h"
#include "engine/gluon/nn/conv_transpose.h"
#include "engine/gluon/nn/dense.h"
#include "engine/gluon/nn/dropout.h"
#include "engine/gluon/nn/embedding.h"
#include "engine/gluon/nn/flatten.h"
#include "engine/gluon/nn/identity.h"
#include "engine/gluon/nn/lambda.h"
#include "engine/gluon/nn/leaky_relu.h"
#include "engine/gluon/nn/norm.h"
#include "engine/gluon/nn/pixel_shuffle.h"
#include "engine/gluon/nn/pool.h"
#include "engine/gluon/nn/reflection_pad.h"
#include "engine/gluon/nn/swish.h"
#include "engine/gluon/sequential.h"

#endif  // BARYON_ENGINE_GLUON_NN_H_

// mxnet.gluon.nn: all layers.
#ifndef BARYON_ENGINE_GLUON_NN_H_
#define BARYON_ENGINE_GLUON_NN_H_

#include "engine/gluon/nn/activation.h"
#include "engine/gluon/nn/batch_norm.h"
#include "engine/gluon/nn/concatenate.h"
#include "engine/gluon/nn/conv.h"
#include "engine/gluon/nn/dense.h"
#include "engine/gluon/nn/dropout.h"
#include "engine/gluon/nn/flatten.h"
#include "engine/gluon/nn/identity.h"
#include "engine/gluon/nn/pool.h"
#include "engine/gluon/sequential.h"

#endif  // BARYON_ENGINE_GLUON_NN_H_

// mxnet.np: arrays and the functions of them.
#ifndef BARYON_ENGINE_GLUON_NP_H_
#define BARYON_ENGINE_GLUON_NP_H_

#include "engine/gluon/ndarray.h"
#include "engine/gluon/np/create.h"
#include "engine/gluon/np/linalg.h"
#include "engine/gluon/np/math.h"
#include "engine/gluon/np/reduce.h"
#include "engine/gluon/np/shape.h"

#endif  // BARYON_ENGINE_GLUON_NP_H_

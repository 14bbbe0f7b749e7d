// mxnet.gluon.rnn: layers and cells that read sequences.
#ifndef BARYON_ENGINE_GLUON_RNN_H_
#define BARYON_ENGINE_GLUON_RNN_H_

#include "engine/gluon/rnn/cell_wrappers.h"
#include "engine/gluon/rnn/recurrent.h"
#include "engine/gluon/rnn/rnn_cell.h"
#include "engine/gluon/rnn/rnn_layer.h"

#endif  // BARYON_ENGINE_GLUON_RNN_H_

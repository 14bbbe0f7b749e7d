// The families of the zoo, each in a file of its name, as blocks that are not initialised. `classes` is positive.
#ifndef BARYON_ENGINE_ZOO_NETWORKS_H_
#define BARYON_ENGINE_ZOO_NETWORKS_H_

#include <cstdint>

#include "engine/zoo/classifier.h"

namespace baryon::zoo {

NetworkBlock MakeAlexNet(int64_t classes);
// `layers`: 121, 161, 169 or 201.
NetworkBlock MakeDenseNet(int layers, int64_t classes);
NetworkBlock MakeInceptionV3(int64_t classes);
// `multiplier` scales the number of channels.
NetworkBlock MakeMobileNet(double multiplier, int64_t classes);
NetworkBlock MakeMobileNetV2(double multiplier, int64_t classes);
// `layers`: 18, 34, 50, 101 or 152.
NetworkBlock MakeResNetV1(int layers, int64_t classes);
NetworkBlock MakeResNetV2(int layers, int64_t classes);
// `minor`: 0 or 1 for SqueezeNet 1.0 and 1.1.
NetworkBlock MakeSqueezeNet(int minor, int64_t classes);
// `layers`: 11, 13, 16 or 19.
NetworkBlock MakeVgg(int layers, bool batch_norm, int64_t classes);

}  // namespace baryon::zoo

#endif  // BARYON_ENGINE_ZOO_NETWORKS_H_

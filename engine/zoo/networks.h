// The families of the zoo, each in a file of its name. `classes` is positive.
#ifndef BARYON_ENGINE_ZOO_NETWORKS_H_
#define BARYON_ENGINE_ZOO_NETWORKS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "engine/zoo/net_builder.h"

namespace baryon::zoo {

absl::StatusOr<Network> AlexNet(int64_t classes);
// `layers`: 121, 161, 169 or 201.
absl::StatusOr<Network> DenseNet(int layers, int64_t classes);
absl::StatusOr<Network> InceptionV3(int64_t classes);
// `multiplier` scales the number of channels.
absl::StatusOr<Network> MobileNet(double multiplier, int64_t classes);
absl::StatusOr<Network> MobileNetV2(double multiplier, int64_t classes);
// `layers`: 18, 34, 50, 101 or 152.
absl::StatusOr<Network> ResNetV1(int layers, int64_t classes);
absl::StatusOr<Network> ResNetV2(int layers, int64_t classes);
// `minor`: 0 or 1 for SqueezeNet 1.0 and 1.1.
absl::StatusOr<Network> SqueezeNet(int minor, int64_t classes);
// `layers`: 11, 13, 16 or 19.
absl::StatusOr<Network> Vgg(int layers, bool batch_norm, int64_t classes);

}  // namespace baryon::zoo

#endif  // BARYON_ENGINE_ZOO_NETWORKS_H_

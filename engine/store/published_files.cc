// The table: the file of each network that the pretrained zoo of MXNet 1.9.1 serves; the files that releases before 1.3
// had under the same names; and those of GluonCV, which trained some of the networks again.
#include "engine/store/published_files.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/zoo/zoo.h"

namespace baryon::store {
namespace {

// clang-format off
constexpr PublishedFile kFiles[] = {
    {"alexnet", "44335d1f0046b328243b32a26a4fbd62d9057b45", Release::kCurrent},
    {"densenet121", "f27dbf2dbd5ce9a80b102d89c7483342cd33cb31", Release::kCurrent},
    {"densenet161", "b6c8a95717e3e761bd88d145f4d0a214aaa515dc", Release::kCurrent},
    {"densenet169", "2603f878403c6aa5a71a124c4a3307143d6820e9", Release::kCurrent},
    {"densenet201", "1cdbc116bc3a1b65832b18cf53e1cb8e7da017eb", Release::kCurrent},
    {"inceptionv3", "ed47ec45a937b656fcc94dabde85495bbef5ba1f", Release::kCurrent},
    {"mobilenet0.25", "9f83e440996887baf91a6aff1cccc1c903a64274", Release::kCurrent},
    {"mobilenet0.5", "8e9d539cc66aa5efa71c4b6af983b936ab8701c3", Release::kCurrent},
    {"mobilenet0.75", "529b2c7f4934e6cb851155b22c96c9ab0a7c4dc2", Release::kCurrent},
    {"mobilenet1.0", "6b8c5106c730e8750bcd82ceb75220a3351157cd", Release::kCurrent},
    {"mobilenetv2_0.25", "ae8f9392789b04822cbb1d98c27283fc5f8aa0a7", Release::kCurrent},
    {"mobilenetv2_0.5", "aabd26cd335379fcb72ae6c8fac45a70eab11785", Release::kCurrent},
    {"mobilenetv2_0.75", "e2be7b72a79fe4a750d1dd415afedf01c3ea818d", Release::kCurrent},
    {"mobilenetv2_1.0", "36da4ff1867abccd32b29592d79fc753bca5a215", Release::kCurrent},
    {"resnet101_v1", "d988c13d6159779e907140a638c56f229634cb02", Release::kCurrent},
    {"resnet101_v2", "18e93e4f48947e002547f50eabbcc9c83e516aa6", Release::kCurrent},
    {"resnet152_v1", "671c637a14387ab9e2654eafd0d493d86b1c8579", Release::kCurrent},
    {"resnet152_v2", "f2695542de38cf7e71ed58f02893d82bb409415e", Release::kCurrent},
    {"resnet18_v1", "a0666292f0a30ff61f857b0b66efc0228eb6a54b", Release::kCurrent},
    {"resnet18_v2", "a81db45fd7b7a2d12ab97cd88ef0a5ac48b8f657", Release::kCurrent},
    {"resnet34_v1", "48216ba99a8b1005d75c0f3a0c422301a0473233", Release::kCurrent},
    {"resnet34_v2", "9d6b80bbc35169de6b6edecffdd6047c56fdd322", Release::kCurrent},
    {"resnet50_v1", "0aee57f96768c0a2d5b23a6ec91eb08dfb0a45ce", Release::kCurrent},
    {"resnet50_v2", "ecdde35339c1aadbec4f547857078e734a76fb49", Release::kCurrent},
    {"squeezenet1.0", "264ba4970a0cc87a4f15c96e25246a1307caf523", Release::kCurrent},
    {"squeezenet1.1", "33ba0f93753c83d86e1eb397f38a667eaf2e9376", Release::kCurrent},
    {"vgg11", "dd221b160977f36a53f464cb54648d227c707a05", Release::kCurrent},
    {"vgg11_bn", "ee79a8098a91fbe05b7a973fed2017a6117723a8", Release::kCurrent},
    {"vgg13", "6bc5de58a05a5e2e7f493e2d75a580d83efde38c", Release::kCurrent},
    {"vgg13_bn", "7d97a06c3c7a1aecc88b6e7385c2b373a249e95e", Release::kCurrent},
    {"vgg16", "e660d4569ccb679ec68f1fd3cce07a387252a90a", Release::kCurrent},
    {"vgg16_bn", "7f01cf050d357127a73826045c245041b0df7363", Release::kCurrent},
    {"vgg19", "ad2f660d101905472b83590b59708b71ea22b2e5", Release::kCurrent},
    {"vgg19_bn", "f360b758e856f1074a85abd5fd873ed1d98297c3", Release::kCurrent},

    {"resnet101_v1", "d2b128fa89477c2e20061607a53a8d9f66ce239d", Release::kSuperseded},
    {"resnet101_v1", "d992389084bc5475c370e9b52c3561706e755799", Release::kSuperseded},
    {"resnet101_v2", "7eb2b3cde097883c11941b927048a705ed334294", Release::kSuperseded},
    {"resnet152_v1", "48ce7775d375987d019ec9aa96bc43b98165dfcb", Release::kSuperseded},
    {"resnet152_v1", "6562166cd597a6328a32a0ce47bb651df80b3bbb", Release::kSuperseded},
    {"resnet152_v2", "64c75ac8c292f6ac54f873f9ef62e0531105878b", Release::kSuperseded},
    {"resnet18_v1", "38d6d423c22828718ec3397924b8e116a03e6ac0", Release::kSuperseded},
    {"resnet18_v2", "8aacf80ff4014c1efa2362a963ac5ec82cf92d5b", Release::kSuperseded},
    {"resnet34_v1", "4dc2c2390a7c7990e0ca1e53aeebb1d1a08592d1", Release::kSuperseded},
    {"resnet34_v2", "0ed3cd06da41932c03dea1de7bc2506ef3fb97b3", Release::kSuperseded},
    {"resnet50_v1", "2a903ab21260c85673a78fe65037819a843a1f43", Release::kSuperseded},
    {"resnet50_v1", "c940b1a062b32e3a5762f397c9d1e178b5abd007", Release::kSuperseded},
    {"resnet50_v2", "81a4e66af7859a5aa904e2b4051aa0d3bc472b2f", Release::kSuperseded},
    {"resnet50_v2", "eb7a368774aa34a12ed155126b641ae7556dad9d", Release::kSuperseded},
    {"vgg16", "649467530119c0f78c4859999e264e7bf14471a9", Release::kSuperseded},
    {"vgg16_bn", "6b9dbe6194e5bfed30fd7a7c9a71f7e5a276cb14", Release::kSuperseded},
    {"vgg19", "f713436691eee9a20d70a145ce0d53ed24bf7399", Release::kSuperseded},
    {"vgg19_bn", "9730961c9cea43fd7eeefb00d792e386c45847d6", Release::kSuperseded},

    {"inceptionv3", "a5050dbcbfc54908fc1b7700698eb7ffbc150417", Release::kGluonCv},
    {"mobilenet0.25", "f0046a3da4e150b85da58ea31913dbb86e7540d1", Release::kGluonCv},
    {"mobilenet0.5", "0130d2aa2f7e3a63db35579b243e25f512172371", Release::kGluonCv},
    {"mobilenet0.75", "84c801e27b1ac5040b6e945c0d1f8d49e9a59f3d", Release::kGluonCv},
    {"mobilenet1.0", "efbb2ca3881998d5a8c5cb6c457a28c1e085fed5", Release::kGluonCv},
    {"mobilenetv2_0.25", "9b1d2cc38fed4cd171a7f7a0d17fe1a905573887", Release::kGluonCv},
    {"mobilenetv2_0.5", "0803818513599fa1329524ee3607b708b4a4630f", Release::kGluonCv},
    {"mobilenetv2_0.75", "b56e3d1c33eb52d0b90678db4ce6c5ca6c9a6704", Release::kGluonCv},
    {"mobilenetv2_1.0", "f9952bcde7a7982947ac5240546e1c1c8f057370", Release::kGluonCv},
    {"resnet152_v1", "acfd09703b113143af9c33898bad8b6154fd6fb0", Release::kGluonCv},
    {"resnet50_v1", "cc729d95031ca98cf2ff362eb57dee4d9994e4b2", Release::kGluonCv},
};
// clang-format on

constexpr size_t kTagDigits = 8;

// "resnet50_v1-cc729d95" as its two parts; the tag is empty in "resnet50_v1".
std::pair<absl::string_view, absl::string_view> SplitTag(absl::string_view name) {
  const size_t dash = name.rfind('-');
  if (dash == absl::string_view::npos || name.size() - dash - 1 != kTagDigits) return {name, ""};
  return {name.substr(0, dash), name.substr(dash + 1)};
}

}  // namespace

absl::string_view PublishedFile::tag() const { return sha1.substr(0, kTagDigits); }

std::string PublishedFile::stem() const { return absl::StrCat(name, "-", tag()); }

absl::Span<const PublishedFile> PublishedFiles() { return kFiles; }

absl::StatusOr<PublishedFile> FindPublished(absl::string_view name, absl::Span<const PublishedFile> files) {
  const auto [model, tag] = SplitTag(name);
  const std::optional<std::string> network = zoo::NetworkName(model);
  if (!network.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("the zoo has no model \"", name, "\"; there are ", absl::StrJoin(zoo::NetworkNames(), ", ")));
  }
  std::vector<std::string> stems;
  for (const PublishedFile& file : files) {
    if (file.name != *network) continue;
    if (tag.empty() ? file.release == Release::kCurrent : absl::EqualsIgnoreCase(tag, file.tag())) return file;
    stems.push_back(file.stem());
  }
  return absl::NotFoundError(
      absl::StrCat("the zoo has no model \"", name, "\"; there are ", absl::StrJoin(stems, ", ")));
}

}  // namespace baryon::store

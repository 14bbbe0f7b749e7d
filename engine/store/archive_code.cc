#include "engine/store/archive_code.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/json.h"
#include "engine/io/model_name.h"
#include "engine/store/digest.h"

namespace baryon::store {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostJsonBytes = 1 << 20;

constexpr absl::string_view kTemplates[] = {
    // gluon_base_service.py
    "1a694d9e620ad8f7c25db98555299681baa7988627ddcd071fa9214e528a464c",
    "d0bc306335ec6331abee24decd6bd08ccfb3873826dc28724d63accc20b241ec",
    "ded6379a2249fb6bdc1747f231e9100d63896ed21cd6ddde53e15c98148e6b2a",
    // model_handler.py
    "12bf7b433c070ad35ec23cc481d7ee38469889a6ae2c4f2c86d483268db08b81",
    "781c8a97579974d080e0a28cf94cd7fff8c6044d2381804a130df2725de8c16d",
    "a7384973cdc551346304e541f75867db54b1ba322ebffd1a0352e9cc316c09a1",
    "ac35f49f2db269515ebf6200b59627fd477e5cfb1b2c8843f5dfa9d7248c98d2",
    "b4c3d94c390853fbcd19634dd8e1a6f2ecaf5c32c9496b66663d08341e8cae08",
    // mxnet_model_service.py
    "b8cd01e373b83d79196b64a69cc3b46bc5176ff270adec88d836f290b54bbd11",
    // mxnet_utils/__init__.py, image.py, ndarray.py, nlp.py
    "32df074450d246573a7833627b25cdd16e8a372b65ae73bab476e4220e504138",
    "36da1b53ce5f544d098f4552d684b951a4964063faaf52aacab7661eaf4845b8",
    "077dce7f2fa41f33d420772daed3d42aad60885fcaa6b8c58005955188b5cb89",
    "039b6efe84327f7811c1ad07e2629fca47bae99fb54e30a9d92dc3b77b0dc1b6",
    // mxnet_vision_batching.py
    "1220c55ac31ae86f4d3b973cae729dcb31965be3900e8cc8ad70f020789bd4b6",
    "92aed998882cf500f73ce299cbd2c7a6497e52cf2f0041f19c2e13b9bfa9fd0a",
    "adb512ea3dd49775153cdce89a17a307c9f39aa501f898111c7cb4f0dd2f0244",
    "cb33d8053e9fa854eb721ab694c52e023acf34da181eedb6a8bdaa957e2ed551",
    "e0624f65eef4a23a50e71a1cfa27c3282a8cb48ed58d39396349cf53d4b62108",
    "e69fbbff3622f5cc41a7d3558006798f6ee8592dffa3c8602efb5545545ab853",
    "fc52f754f578fa90b42ef859ced532b7ed7361665855bdd816f641a572480766",
    // mxnet_vision_service.py
    "30fdb21a8155671096014ee2976106cc2731444771e36750e2ca678b7e365457",
    "e58759de719ee11cab15e4ec35a12026ff4c32029267eed84e917737b088acd4",
};

bool IsCode(const fs::path& path) {
  const std::string ending = absl::AsciiStrToLower(path.extension().string());
  for (const char* code : {".py", ".pyc", ".pyo", ".pyd", ".so", ".sh", ".pkl", ".pickle", ".egg", ".whl"}) {
    if (ending == code) return true;
  }
  return false;
}

// The JSON file `name` of the folder, or nothing.
absl::StatusOr<std::optional<Json>> ReadJson(const std::string& folder, const std::string& name) {
  const std::string path = absl::StrCat(folder, "/", name);
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::optional<Json>();
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMostJsonBytes));
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return Annotate(json.status(), name);
  if (!json->is_object()) return absl::InvalidArgumentError(absl::StrCat(name, ": expected an object"));
  return std::optional<Json>(*std::move(json));
}

}  // namespace

absl::Span<const absl::string_view> KnownTemplates() { return kTemplates; }

absl::Status CheckCode(const std::string& folder, absl::Span<const absl::string_view> known) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file() || !IsCode(it->path())) continue;
    BARYON_ASSIGN_OR_RETURN(const std::string digest, DigestOfFile(DigestKind::kSha256, it->path().string()));
    if (std::find(known.begin(), known.end(), digest) != known.end()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("\"", fs::relative(it->path(), folder, error).string(),
                     "\" is code, which is never run: write what it does to ",
                     "a request as a preprocess.json into the archive, or take the network alone with --ignore-code"));
  }
  return error ? ErrnoToStatus(error.value(), "cannot read", folder) : absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> ManifestName(const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(const std::optional<Json> manifest, ReadJson(folder, "MAR-INF/MANIFEST.json"));
  std::optional<std::string> none;
  if (!manifest.has_value()) return none;
  const Json model = manifest->value("model", Json());
  const Json name = model.is_object() ? model.value("modelName", Json()) : Json();
  if (!name.is_string()) {
    return absl::InvalidArgumentError("MAR-INF/MANIFEST.json: expected a \"modelName\" of the \"model\"");
  }
  const std::string text = name.get<std::string>();
  return CheckModelName(text).ok() ? std::optional(text) : none;
}

absl::StatusOr<std::string> SignaturePreprocess(const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(const std::optional<Json> signature, ReadJson(folder, "signature.json"));
  if (!signature.has_value() || signature->value("input_type", Json()) != "image/jpeg") return std::string();
  const Json inputs = signature->value("inputs", Json());
  const bool has_input = inputs.is_array() && !inputs.empty() && inputs[0].is_object();
  const Json name = has_input ? inputs[0].value("data_name", Json()) : Json();
  const Json shape = has_input ? inputs[0].value("data_shape", Json()) : Json();
  const auto is_edge = [](const Json& dim) { return dim.is_number_integer() && dim.get<int64_t>() > 0; };
  if (!name.is_string() || !shape.is_array() || shape.size() != 4 || !is_edge(shape[2]) || !is_edge(shape[3])) {
    return absl::InvalidArgumentError("signature.json: expected an input with data_name and a data_shape [N, C, H, W]");
  }
  // The templates resize by mxnet.image.imresize with interp 2.
  Json preprocess = {{"input", name},
                     {"resize", {shape[3], shape[2]}},
                     {"interpolation", "bicubic"},
                     {"color", shape[1] == 1 ? "gray" : "rgb"}};
  return preprocess.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace baryon::store

// The first bytes tell the containers apart.
#include "engine/io/params_file.h"

#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/byte_source.h"
#include "engine/io/ndarray_list.h"
#include "engine/io/npy.h"
#include "engine/io/npz.h"

namespace baryon {
namespace {

class NpzParams : public ParamsFile {
 public:
  NpzParams(std::string path, std::unique_ptr<const NpzFile> npz) : ParamsFile(std::move(path)), npz_(std::move(npz)) {
    for (const NpzFile::Array& array : npz_->arrays()) entries_.push_back({array.name, array.header.type});
  }

  absl::StatusOr<Tensor> Read(size_t i) const override { return npz_->Read(i); }

 private:
  const std::unique_ptr<const NpzFile> npz_;
};

// One array without a name.
class NpyParams : public ParamsFile {
 public:
  explicit NpyParams(std::unique_ptr<const FileReader> file) : ParamsFile(file->path()), file_(std::move(file)) {}

  absl::Status ReadHeader() {
    FileSource source(*file_);
    BARYON_ASSIGN_OR_RETURN(const NpyHeader header, ReadNpyHeader(source));
    entries_.push_back({"", header.type});
    return absl::OkStatus();
  }

  absl::StatusOr<Tensor> Read(size_t) const override {
    absl::StatusOr<Tensor> tensor = ReadArray();
    if (tensor.ok()) return tensor;
    return Annotate(tensor.status(), absl::StrCat("\"", path_, "\""));
  }

 private:
  absl::StatusOr<Tensor> ReadArray() const {
    FileSource source(*file_);
    BARYON_ASSIGN_OR_RETURN(const NpyHeader header, ReadNpyHeader(source));
    if (header.type != entries_[0].type) return absl::DataLossError("the file has changed since it was opened");
    return ReadNpyElements(header, source);
  }

  const std::unique_ptr<const FileReader> file_;
};

absl::StatusOr<std::shared_ptr<const ParamsFile>> OpenNpz(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<const NpzFile> npz, NpzFile::Open(path));
  return std::make_shared<NpzParams>(path, std::move(npz));
}

absl::StatusOr<std::shared_ptr<const ParamsFile>> OpenNpy(std::unique_ptr<const FileReader> file) {
  auto params = std::make_shared<NpyParams>(std::move(file));
  BARYON_RETURN_IF_ERROR(params->ReadHeader());
  return params;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ParamsFile>> ParamsFile::Open(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<const FileReader> file, FileReader::Open(path));
  std::string head(std::min<int64_t>(file->size(), sizeof(kNdarrayListMagic)), '\0');
  BARYON_RETURN_IF_ERROR(file->Read(0, head.size(), head.data()));
  const std::string label = absl::StrCat("\"", path, "\"");
  const auto named = [&](absl::StatusOr<std::shared_ptr<const ParamsFile>> params) {
    return params.ok() ? params : Annotate(params.status(), label);
  };
  if (absl::StartsWith(head, "PK\3\4") || absl::StartsWith(head, "PK\5\6")) return OpenNpz(path);
  if (absl::StartsWith(head, "\x93NUMPY")) return named(OpenNpy(std::move(file)));
  uint64_t magic = 0;
  if (head.size() == sizeof(magic)) std::memcpy(&magic, head.data(), sizeof(magic));
  if (magic == kNdarrayListMagic) return named(OpenNdarrayList(std::move(file)));
  return absl::DataLossError(
      absl::StrCat(label, ": expected parameters (an NDArray list, npz or npy), got a file of ", file->size(), " bytes",
                   head.empty() ? "" : absl::StrCat(" that starts with \"", absl::CHexEscape(head), "\"")));
}

absl::StatusOr<NamedTensors> ParamsFile::ReadAll() const {
  NamedTensors tensors;
  for (size_t i = 0; i < entries_.size(); ++i) {
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, Read(i));
    tensors.emplace_back(entries_[i].name, std::move(tensor));
  }
  return tensors;
}

absl::Status WriteParamsFile(const std::string& path, const NamedTensors& tensors) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  BARYON_RETURN_IF_ERROR(Annotate(WriteNdarrayList(*file, tensors), absl::StrCat("cannot write \"", path, "\"")));
  return file->Commit();
}

absl::string_view StripParamPrefix(absl::string_view name) {
  absl::ConsumePrefix(&name, "arg:") || absl::ConsumePrefix(&name, "aux:");
  return name;
}

}  // namespace baryon

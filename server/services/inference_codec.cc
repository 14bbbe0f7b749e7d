// Elements come raw, as the bytes of row-major arrays in raw_input_contents, one entry for each input in their order;
// or typed, in the one list of InferTensorContents that fits the datatype, narrow integers in the 32-bit lists; or in
// shared memory, which takes no entry.
#include "server/services/inference_codec.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/base/status_macros.h"
#include "server/error_details.h"
#include "server/quote.h"
#include "server/services/inference_contents.h"
#include "server/services/top_classes.h"

namespace baryon {
namespace {

using inference::InferTensorContents;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using InputTensor = ModelInferRequest::InferInputTensor;
using OutputTensor = ModelInferResponse::InferOutputTensor;

absl::Status Refuse(const InputTensor& input, absl::string_view reason, absl::string_view expected,
                    absl::string_view got) {
  return RefuseInput(input.name(), "data", reason, expected, got);
}

// --- Pictures

// The elements of raw BYTES: each is four bytes of length, little-endian, and as many bytes.
absl::StatusOr<std::vector<absl::string_view>> SplitRawBytes(const InputTensor& input, absl::string_view raw) {
  std::vector<absl::string_view> elements;
  while (!raw.empty()) {
    uint32_t size = 0;
    if (raw.size() < sizeof(size)) {
      return Refuse(input, "INPUT_SIZE_MISMATCH", "four bytes of length before each element", "fewer");
    }
    std::memcpy(&size, raw.data(), sizeof(size));
    raw.remove_prefix(sizeof(size));
    if (raw.size() < size) {
      return Refuse(input, "INPUT_SIZE_MISMATCH", absl::StrCat("an element of ", size, " bytes"),
                    absl::StrCat(raw.size()));
    }
    elements.push_back(raw.substr(0, size));
    raw.remove_prefix(size);
  }
  return elements;
}

absl::Status DecodePictures(const InputTensor& input, absl::Span<const absl::string_view> files, InputBinder& binder) {
  const Shape shape(absl::MakeConstSpan(input.shape().data(), input.shape_size()));
  if (shape.CheckedNumElements() == static_cast<int64_t>(files.size())) return binder.AddPictures(input.name(), files);
  return Refuse(input, "INPUT_SIZE_MISMATCH",
                absl::StrCat("as many pictures as shape ", shape.ToString(), " has elements"),
                absl::StrCat(files.size()));
}

bool IsBytes(const InputTensor& input) { return input.datatype() == "BYTES"; }

absl::Status DecodeContents(const InputTensor& input, InputBinder& binder) {
  if (IsBytes(input)) {
    const auto& elements = input.contents().bytes_contents();
    return DecodePictures(input, std::vector<absl::string_view>(elements.begin(), elements.end()), binder);
  }
  BARYON_ASSIGN_OR_RETURN(const TensorType type, TypeOf(input));
  return DecodeTypedContents(input, type, binder);
}

// The next entry of raw_input_contents for each input that wants one.
class RawEntries {
 public:
  explicit RawEntries(absl::Span<const RawBytes> entries) : entries_(entries) {}
  bool used() const { return !entries_.empty(); }
  const RawBytes* Next() { return next_ < entries_.size() ? &entries_[next_++] : nullptr; }
  bool AtEnd() const { return next_ == entries_.size(); }

 private:
  const absl::Span<const RawBytes> entries_;
  size_t next_ = 0;
};

absl::Status DecodeInput(const InputTensor& input, RawEntries& raw, const SharedMemoryRegistry& regions,
                         InputBinder& binder) {
  if (!input.parameters().empty()) {
    BARYON_ASSIGN_OR_RETURN(const std::optional<MemoryRange> range, ReadMemoryRange(input.parameters(), regions));
    if (range.has_value()) return DecodeMemory(input, *range, binder);
  }
  if (!raw.used()) return DecodeContents(input, binder);
  if (NumTypedElements(input.contents()) > 0) {
    return Refuse(input, "INPUT_VALUE_INVALID", "elements in raw_input_contents alone", "typed contents besides");
  }
  const RawBytes* const entry = raw.Next();
  if (entry != nullptr) return DecodeRaw(input, *entry, binder);
  return Refuse(input, "INPUT_SIZE_MISMATCH", "an entry in raw_input_contents", "fewer entries than inputs");
}

// --- Answers

absl::Status Classify(const WantedOutput& wanted, const ServedModel& model, InferenceOutput& output) {
  const Tensor scores = std::move(output.elements);
  if (!IsFloating(scores.dtype()) || scores.shape().rank() != 2) {
    return absl::InvalidArgumentError(absl::StrCat("output ", Quote(output.name),
                                                   ": expected scores [rows, classes] to classify, got ",
                                                   scores.type().ToString()));
  }
  output.datatype = "BYTES";
  output.shape = {scores.shape()[0], std::min(wanted.classes, scores.shape()[1])};
  output.elements = Tensor();
  for (const std::vector<ClassScore>& row : TopClasses(scores, model.labels(), wanted.classes)) {
    for (const ClassScore& best : row) {
      output.texts.push_back(absl::StrFormat("%f:%d", best.score, best.index));
      if (!best.label.empty()) absl::StrAppend(&output.texts.back(), ":", best.label);
    }
  }
  return absl::OkStatus();
}

absl::Status WriteToMemory(const MemoryRange& range, InferenceOutput& output) {
  const std::string texts = output.RawTexts();
  const absl::string_view bytes = output.elements.empty() ? absl::string_view(texts) : BytesOf(output.elements);
  if (static_cast<int64_t>(bytes.size()) > range.size) {
    return absl::InvalidArgumentError(absl::StrCat("output ", Quote(output.name), ": expected ", bytes.size(),
                                                   " bytes of shared memory, got ", range.size));
  }
  output.in_memory = true;
  return range.memory->Write(range.offset, bytes);
}

bool CameTyped(const ModelInferRequest& head) {
  return std::any_of(head.inputs().begin(), head.inputs().end(),
                     [](const InputTensor& input) { return NumTypedElements(input.contents()) > 0; });
}

void EncodeContents(const InferenceOutput& output, InferTensorContents& contents) {
  if (!output.elements.empty()) EncodeTypedContents(output.elements, contents);
  for (const std::string& text : output.texts) contents.add_bytes_contents(text);
}

// The place in shared memory, for clients that look there.
void EncodeMemory(const WantedOutput& wanted, const InferenceOutput& output, OutputTensor& encoded) {
  const int64_t size =
      output.elements.empty() ? static_cast<int64_t>(output.RawTexts().size()) : output.elements.size_bytes();
  auto& parameters = *encoded.mutable_parameters();
  parameters["shared_memory_region"] = wanted.request->parameters().at("shared_memory_region");
  parameters["shared_memory_offset"].set_int64_param(wanted.memory->offset);
  parameters["shared_memory_byte_size"].set_int64_param(size);
}

// What stands of an output before the raw contents. Its name, datatype and shape, which are all that most have, are
// written without making a message of them: for a small answer that would take longer than everything else.
void EncodeOutput(const WantedOutput& wanted, const InferenceOutput& output, bool typed, WirePieces& pieces) {
  std::optional<OutputTensor> rest;
  if (output.in_memory) {
    EncodeMemory(wanted, output, rest.emplace());
  } else if (typed) {
    EncodeContents(output, *rest.emplace().mutable_contents());
  }
  const absl::Span<const int64_t> shape = output.shape.dims();
  pieces.BeginMessage(ModelInferResponse::kOutputsFieldNumber,
                      WirePieces::SizeOfBytes(output.name.size()) + WirePieces::SizeOfBytes(output.datatype.size()) +
                          WirePieces::SizeOfIntegers(shape) + (rest.has_value() ? rest->ByteSizeLong() : 0));
  pieces.AppendBytes(OutputTensor::kNameFieldNumber, output.name);
  pieces.AppendBytes(OutputTensor::kDatatypeFieldNumber, output.datatype);
  pieces.AppendIntegers(OutputTensor::kShapeFieldNumber, shape);
  if (rest.has_value()) pieces.AppendFields(*rest);
}

// Enough for everything that is copied into an answer of raw elements.
size_t ExpectedSize(const ModelInferRequest& head, const ServedModel& model,
                    absl::Span<const InferenceOutput> outputs) {
  constexpr size_t kMore = 64;  // tags, sizes, a version; a datatype and a shape
  size_t expected = kMore + model.name().size() + head.id().size();
  for (const InferenceOutput& output : outputs) {
    const size_t elements = output.elements.empty() ? 0 : output.elements.size_bytes();
    expected += kMore + output.name.size() + (elements <= WirePieces::kSmallBytes ? elements : 0);
  }
  return expected;
}

}  // namespace

absl::StatusOr<TensorType> TypeOf(const InputTensor& input) {
  const std::optional<DType> dtype = DTypeFromOip(input.datatype());
  if (dtype.has_value()) {
    return TensorType{*dtype, Shape(absl::MakeConstSpan(input.shape().data(), input.shape_size()))};
  }
  return RefuseInput(input.name(), "datatype", "INPUT_DATATYPE_MISMATCH", "a datatype (FP32, INT64, ...)",
                     Quote(input.datatype()));
}

absl::Status DecodeRaw(const InputTensor& input, const RawBytes& raw, InputBinder& binder) {
  if (!IsBytes(input)) {
    BARYON_ASSIGN_OR_RETURN(const TensorType type, TypeOf(input));
    return binder.AddPieces(input.name(), type, raw.pieces, raw.size);
  }
  std::string joined;
  for (absl::string_view piece : raw.pieces) absl::StrAppend(&joined, piece);
  BARYON_ASSIGN_OR_RETURN(const std::vector<absl::string_view> files, SplitRawBytes(input, joined));
  return DecodePictures(input, files, binder);
}

absl::Status DecodeMemory(const InputTensor& input, const MemoryRange& range, InputBinder& binder) {
  if (IsBytes(input)) {
    BARYON_RETURN_IF_ERROR(range.memory->CheckRange(range.offset, range.size));
    std::string bytes(range.size, '\0');
    BARYON_RETURN_IF_ERROR(range.memory->Read(range.offset, absl::MakeSpan(bytes)));
    BARYON_ASSIGN_OR_RETURN(const std::vector<absl::string_view> files, SplitRawBytes(input, bytes));
    return DecodePictures(input, files, binder);
  }
  BARYON_ASSIGN_OR_RETURN(const TensorType type, TypeOf(input));
  BARYON_ASSIGN_OR_RETURN(Tensor * tensor, binder.AddStorage(input.name(), type, range.size));
  if (tensor == nullptr) return absl::OkStatus();  // an input that only training reads
  return range.memory->Read(range.offset,
                            absl::MakeSpan(static_cast<char*>(tensor->mutable_raw_data()), tensor->size_bytes()));
}

absl::StatusOr<Tensors> DecodeInferenceRequest(const InferenceMessage& message, const ServedModel& model,
                                               const SharedMemoryRegistry& regions) {
  InputBinder binder(model);
  RawEntries raw(message.raw);
  for (int i = 0; i < message.head.inputs_size(); ++i) {
    const absl::Status status = DecodeInput(message.head.inputs(i), raw, regions, binder);
    if (!status.ok()) return InField(status, absl::StrCat("inputs[", i, "]"));
  }
  if (!raw.AtEnd()) {
    return WithReason(WithField(absl::InvalidArgumentError(absl::StrCat("expected raw_input_contents for each of ",
                                                                        message.head.inputs_size(), " inputs, got ",
                                                                        message.raw.size(), " entries")),
                                "raw_input_contents", "one entry for each input that is not in shared memory",
                                absl::StrCat(message.raw.size())),
                      "INPUT_SIZE_MISMATCH");
  }
  return binder.Finish();
}

std::string InferenceOutput::RawTexts() const {
  std::string raw;
  for (const std::string& text : texts) {
    const uint32_t size = static_cast<uint32_t>(text.size());
    raw.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(text);
  }
  return raw;
}

absl::StatusOr<std::vector<InferenceOutput>> MakeOutputs(absl::Span<const WantedOutput> wanted,
                                                         const ServedModel& model, const Tensors& outputs) {
  BARYON_RETURN_IF_ERROR(CheckFitsMessage(outputs));
  std::vector<InferenceOutput> made;
  made.reserve(wanted.size());
  for (const WantedOutput& one : wanted) {
    const Tensor& tensor = outputs[one.place];
    InferenceOutput& output = made.emplace_back();
    output.name = model.signature().outputs[one.place].name;
    output.datatype = OipDatatype(tensor.dtype());
    output.shape = tensor.shape();
    output.elements = tensor;
    if (one.classes > 0) BARYON_RETURN_IF_ERROR(Classify(one, model, output));
    if (one.memory.has_value()) BARYON_RETURN_IF_ERROR(WriteToMemory(*one.memory, output));
  }
  return made;
}

absl::StatusOr<WirePieces> EncodeInferenceResponse(const InferenceMessage& message,
                                                   absl::Span<const WantedOutput> wanted, const ServedModel& model,
                                                   const Tensors& outputs) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<InferenceOutput> made, MakeOutputs(wanted, model, outputs));
  const bool typed =
      CameTyped(message.head) && std::all_of(made.begin(), made.end(), [](const InferenceOutput& output) {
        return output.elements.empty() || HasTypedContents(output.elements.dtype());
      });
  WirePieces pieces(ExpectedSize(message.head, model, made));
  pieces.AppendBytes(ModelInferResponse::kModelNameFieldNumber, model.name());
  pieces.AppendBytes(ModelInferResponse::kModelVersionFieldNumber, absl::AlphaNum(model.version()).Piece());
  if (!message.head.id().empty()) pieces.AppendBytes(ModelInferResponse::kIdFieldNumber, message.head.id());
  for (size_t i = 0; i < made.size(); ++i) {
    EncodeOutput(wanted[i], made[i], typed, pieces);
  }
  constexpr int kRaw = ModelInferResponse::kRawOutputContentsFieldNumber;
  for (size_t i = 0; i < made.size() && !typed; ++i) {
    if (made[i].in_memory) {
      pieces.AppendBytes(kRaw, "");  // clients find the others by their place
    } else if (made[i].elements.empty()) {
      pieces.AppendBytes(kRaw, made[i].RawTexts());
    } else {
      pieces.AppendElements(kRaw, made[i].elements);
    }
  }
  return pieces;
}

}  // namespace baryon

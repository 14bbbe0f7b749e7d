// Seeds of the target `request`, sound ones and some with a flaw. Messages are written field by field: the main of all
// targets stays free of gRPC and Protocol Buffers.
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/fuzz/seeds.h"

namespace baryon {
namespace {

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value > 0x7F; value >>= 7) bytes += static_cast<char>(0x80 | (value & 0x7F));
  return bytes + static_cast<char>(value);
}
std::string Field(int number, absl::string_view bytes) {
  return absl::StrCat(Varint(static_cast<uint64_t>(number) << 3 | 2), Varint(bytes.size()), bytes);
}
std::string Field(int number, uint64_t value) {
  return absl::StrCat(Varint(static_cast<uint64_t>(number) << 3), Varint(value));
}

template <typename T>
std::string Raw(std::initializer_list<T> elements) {
  std::string bytes(elements.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), elements.begin(), bytes.size());
  return bytes;
}

// --- HTTP

std::vector<std::string> HttpSeeds() {
  const std::string head = "POST /v2/models/fuzz/infer HTTP/1.1\r\nHost: x\r\n";
  return {
      "GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET http://x:80/v1/models/a%20b/labels/c?d=e&f=%00 HTTP/1.0\r\n\r\n",
      head + "Content-Length: 5\r\n\r\nhello",
      head + "Inference-Header-Content-Length: 3\r\nContent-Length: 7\r\n\r\n{ }\1\2\3\4",
      head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: z\r\n\r\n",
      head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      head + "Expect: 100-continue\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" +
          std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0", 20),
      head + "Content-Encoding: deflate\r\nContent-Length: 8\r\n\r\n" + std::string("\x78\x9c\x03\0\0\0\0\1", 8),
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "DELETE /models/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  };
}

// --- Open Inference Protocol, JSON

std::string InferJson(absl::string_view json, absl::string_view arrays = "", bool said = true) {
  const uint16_t size = said ? static_cast<uint16_t>(json.size()) : 0xFFFF;
  return absl::StrCat(Raw({size}), json, arrays);
}

std::vector<std::string> InferJsonSeeds() {
  const std::string b = R"({"name":"b","datatype":"INT8","shape":[2],"data":[-128,127]})";
  const std::string c = R"({"name":"c","datatype":"BOOL","shape":[1],"data":[true]})";
  const auto with = [&](absl::string_view a, absl::string_view more = "") {
    return absl::StrCat(R"({"inputs":[)", a, ",", b, ",", c, "]", more, "}");
  };
  return {
      InferJson(with(R"({"name":"a","datatype":"FP32","shape":[1,2],"data":[1.5,-2e-3]})"), "", false),
      InferJson(with(R"({"name":"a","datatype":"FP32","shape":[2,2],"data":[[1,2],[3,4]]})",
                     R"(,"id":"x","parameters":{"priority":1,"timeout":1000,"binary_data_output":true},)"
                     R"("outputs":[{"name":"y","parameters":{"binary_data":false}},)"
                     R"({"name":"x","parameters":{"classification":2}}])")),
      InferJson(with(R"({"name":"a","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}})"),
                Raw<float>({1, 2})),
      InferJson(with(R"({"name":"a","datatype":"BYTES","shape":[1],"data":["picture"]})")),
      InferJson(with(R"({"name":"a","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":7}})"),
                std::string("\3\0\0\0abc", 7)),
      InferJson(with(R"({"name":"a","datatype":"FP32","shape":[1,2],"parameters":)"
                     R"({"shared_memory_region":"r","shared_memory_byte_size":8,"shared_memory_offset":0}})")),
      InferJson(with(R"({"name":"a","datatype":"FP32","shape":[9223372036854775807,2],"data":[1]})")),
  };
}

// --- TensorFlow Serving, JSON

std::vector<std::string> RowsAndColumnsSeeds() {
  return {
      R"({"instances":[{"a":[1,2],"b":3,"c":true},{"a":[NaN,-Infinity],"b":-1,"c":false}]})",
      R"({"instances":[{"a":{"b64":"YWJj"},"b":3,"c":true}]})",
      R"({"inputs":{"a":[[1,2],[3,4]],"b":[1,2],"c":[true]}})",
      R"({"inputs":{"a":[{"b64":"YQ=="},"text"],"b":[1,2],"c":[true]}})",
      R"({"instances":[{"a":[[1],2]},7]})",
      R"({"inputs":[1e400]})",
  };
}

// --- Open Inference Protocol, messages

std::string InferInput(absl::string_view name, absl::string_view datatype, absl::string_view shape,
                       absl::string_view contents = "") {
  std::string input = absl::StrCat(Field(1, name), Field(2, datatype), Field(3, shape));
  if (!contents.empty()) absl::StrAppend(&input, Field(5, contents));
  return Field(5, input);
}

std::vector<std::string> InferMessageSeeds() {
  const std::string head = absl::StrCat(Field(1, "fuzz"), Field(3, "id"));
  const std::string names =
      absl::StrCat(InferInput("a", "FP32", "\1\2"), InferInput("b", "INT8", "\2"), InferInput("c", "BOOL", "\1"));
  const std::string raw = absl::StrCat(Field(7, Raw<float>({1, 2})), Field(7, "\1\2"), Field(7, "\1"));
  const std::string typed =
      absl::StrCat(head, InferInput("a", "FP32", "\1\2", Field(6, Raw<float>({1, 2}))),
                   InferInput("b", "INT8", "\2", Field(2, "\1\2")), InferInput("c", "BOOL", "\1", Field(1, "\1")));
  const std::string parameters = absl::StrCat(Field(4, Field(1, "priority") + Field(2, Field(5, uint64_t{1}))),
                                              Field(4, Field(1, "timeout") + Field(2, Field(2, uint64_t{1000}))));
  const std::string outputs =
      absl::StrCat(Field(6, Field(1, "y")),
                   Field(6, Field(1, "x") + Field(2, Field(1, "classification") + Field(2, Field(2, uint64_t{2})))));
  const std::string picture =
      absl::StrCat(head, InferInput("a", "BYTES", "\1"), InferInput("b", "INT8", "\2"), InferInput("c", "BOOL", "\1"),
                   Field(7, std::string("\3\0\0\0abc", 7)), Field(7, "\1\2"), Field(7, "\1"));
  std::vector<std::string> seeds;
  for (const char* piece : {"\xff", "\1", "\7"}) {
    seeds.push_back(absl::StrCat(piece, head, names, raw));
    seeds.push_back(absl::StrCat(piece, head, parameters, names, outputs, raw));
    seeds.push_back(absl::StrCat(piece, typed));
    seeds.push_back(absl::StrCat(piece, picture));
  }
  return seeds;
}

// --- TensorFlow Serving, messages

std::string PredictInput(absl::string_view name, uint64_t dtype, std::initializer_list<uint64_t> dims,
                         absl::string_view contents) {
  std::string shape;
  for (uint64_t dim : dims) absl::StrAppend(&shape, Field(2, Field(1, dim)));
  return Field(2, Field(1, name) + Field(2, absl::StrCat(Field(1, dtype), Field(2, shape), contents)));
}

std::vector<std::string> PredictMessageSeeds() {
  const std::string spec = Field(1, Field(1, "fuzz") + Field(3, "serving_default"));
  const std::string b = PredictInput("b", 6, {2}, Field(4, "\1\2")), c = PredictInput("c", 10, {1}, Field(4, "\1"));
  return {
      absl::StrCat(spec, PredictInput("a", 1, {1, 2}, Field(4, Raw<float>({1, 2}))), b, c),
      absl::StrCat(spec, PredictInput("a", 1, {1, 2}, Field(5, Raw<float>({1, 2}))),
                   PredictInput("b", 6, {2}, Field(7, "\1\2")), PredictInput("c", 10, {1}, Field(11, "\1")),
                   Field(3, "y"), Field(3, "x")),
      absl::StrCat(spec, PredictInput("a", 7, {1}, Field(8, "picture")), b, c),
      absl::StrCat(spec, PredictInput("a", 1, {1 << 20, 2}, Field(5, Raw<float>({1}))), b, c),
  };
}

}  // namespace

std::vector<std::string> RequestSeeds() {
  std::vector<std::string> seeds;
  const auto add = [&](char decoder, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) seeds.push_back(decoder + text);
  };
  add('h', HttpSeeds());
  add('j', InferJsonSeeds());
  add('t', RowsAndColumnsSeeds());
  add('m', InferMessageSeeds());
  add('p', PredictMessageSeeds());
  return seeds;
}

}  // namespace baryon

#include "engine/io/params_file.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/npy.h"
#include "engine/io/testing/mutations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

std::string Golden(const std::string& file) { return GoldenFolder("params") + "/" + file; }

Json ReadJson(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  EXPECT_OK(text);
  return Json::parse(*text);
}

// --- What MXNet wrote: files-v1.json and files-v2.json say what each file holds.

// The first elements as the dense form of `array` has them, as far as the description tells.
std::vector<double> FirstElements(const Json& array) {
  std::vector<double> elements;
  if (array["storage"] == "default") {
    for (const Json& value : array["first"]) {
      elements.push_back(value.is_boolean() ? value.get<bool>() : value.get<double>());
    }
    return elements;
  }
  const int64_t columns = array["shape"][1];
  elements.assign(array["shape"][0].get<int64_t>() * columns, 0);
  const Json& indices = array["indices"];
  if (array["storage"] == "row_sparse") {
    for (size_t i = 0; i < indices.size() * columns; ++i) {
      elements[indices[i / columns].get<int64_t>() * columns + i % columns] = array["data"][i];
    }
    return elements;
  }
  for (size_t row = 0; row + 1 < array["indptr"].size(); ++row) {
    for (int64_t i = array["indptr"][row]; i < array["indptr"][row + 1]; ++i) {
      elements[row * columns + indices[i].get<int64_t>()] = array["data"][i];
    }
  }
  return elements;
}

void ExpectDescribed(const std::string& path, const Json& description) {
  ASSERT_OK_AND_ASSIGN(const auto file, ParamsFile::Open(path));
  const Json& arrays = description["arrays"];
  ASSERT_EQ(file->entries().size(), arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    const ParamsFile::Entry& entry = file->entries()[i];
    EXPECT_EQ(entry.name, arrays[i]["name"].is_null() ? "" : arrays[i]["name"].get<std::string>());
    EXPECT_EQ(std::string(DTypeName(entry.type.dtype)), arrays[i]["dtype"].get<std::string>());
    const std::vector<int64_t> dims = arrays[i]["shape"];
    EXPECT_EQ(entry.type.shape, Shape(absl::MakeConstSpan(dims)));
    ASSERT_OK_AND_ASSIGN(const Tensor tensor, file->Read(i));
    EXPECT_EQ(tensor.type(), entry.type);
    const Tensor values = tensor.Cast(DType::kFloat64);
    const std::vector<double> first = FirstElements(arrays[i]);
    for (size_t j = 0; j < first.size(); ++j) EXPECT_EQ(values.data<double>()[j], first[j]) << entry.name << " " << j;
  }
}

TEST(ParamsFileTest, ReadsEveryFileThatMxnetAndNumpyWrote) {
  int count = 0;
  for (const char* descriptions : {"files-v1.json", "files-v2.json"}) {
    const Json files = ReadJson(Golden(descriptions));
    for (const auto& [file, description] : files.items()) {
      SCOPED_TRACE(file);
      ExpectDescribed(Golden(file), description);
      ++count;
    }
  }
  EXPECT_EQ(count, 21);
}

TEST(ParamsFileTest, WritesTheBytesThatMxnetWrites) {
  for (const char* file : {"v1-dict.params", "v1-list.params", "v1-single.params", "v1-shapes.params",
                           "v1-names.params", "v1-empty.params", "v2-list-reset.params"}) {
    ASSERT_OK_AND_ASSIGN(const auto params, ParamsFile::Open(Golden(file)));
    ASSERT_OK_AND_ASSIGN(const NamedTensors tensors, params->ReadAll());
    const std::string copy = testing::TempDir() + "/copy.params";
    ASSERT_OK(WriteParamsFile(copy, tensors));
    ASSERT_OK_AND_ASSIGN(const std::string want, ReadFile(Golden(file)));
    ASSERT_OK_AND_ASSIGN(const std::string got, ReadFile(copy));
    EXPECT_EQ(got, want) << file;
  }
}

TEST(ParamsFileTest, RefusesEveryBrokenFileWithItsName) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogSeverity, absl::string_view message, LogFields) { warnings.emplace_back(message); });
  int count = 0;
  const Json files = ReadJson(Golden("broken/broken.json"));
  for (const auto& [file, description] : files.items()) {
    if (!absl::EndsWith(file, ".params")) continue;
    ++count;
    const auto params = ParamsFile::Open(Golden("broken/" + file));
    const absl::Status status = params.ok() ? (*params)->ReadAll().status() : params.status();
    if (file == "bytes_after_end.params") {
      EXPECT_OK(status);
      EXPECT_THAT(warnings, ElementsAre(HasSubstr("16 bytes after the last name")));
      continue;
    }
    EXPECT_FALSE(status.ok()) << file;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(file), HasSubstr("expected"), HasSubstr("got")));
    EXPECT_TRUE(absl::IsDataLoss(status) || absl::IsUnimplemented(status)) << status;
  }
  SetLogSink(nullptr);
  EXPECT_EQ(count, 50);
}

// --- Forms that no fixture has

template <typename... T>
std::string Bytes(T... numbers) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof(numbers)), ...);
  return bytes;
}

constexpr uint64_t kMagic = 0x112, kNone = 0;

absl::StatusOr<std::shared_ptr<const ParamsFile>> OpenBytes(const std::string& bytes) {
  return ParamsFile::Open(MemoryFile(bytes).path());
}

std::string List(uint64_t count, const std::string& arrays, const std::string& names = Bytes(kNone)) {
  return Bytes(kMagic, kNone, count) + arrays + names;
}

constexpr uint32_t kV1 = 0xF993FAC8, kV2 = 0xF993FAC9, kV3 = 0xF993FACA;

TEST(ParamsFileTest, ReadsTheOldestVersionsOfArrays) {
  const std::string v0 = Bytes(uint32_t{2}, uint32_t{1}, uint32_t{2}, 1, 0, 0, 1.5f, -2.0f);
  const std::string v1 = Bytes(kV1, uint32_t{1}, int64_t{3}, 2, 7, 4, 10, 20, 30);
  ASSERT_OK_AND_ASSIGN(const auto params, OpenBytes(List(2, v0 + v1)));
  EXPECT_EQ(params->entries()[0].type, (TensorType{DType::kFloat32, Shape{1, 2}}));
  EXPECT_EQ(params->entries()[1].type, (TensorType{DType::kInt32, Shape{3}}));
  ASSERT_OK_AND_ASSIGN(const NamedTensors tensors, params->ReadAll());
  EXPECT_THAT(tensors[0].second.span<float>(), ElementsAre(1.5f, -2.0f));
  EXPECT_THAT(tensors[1].second.span<int32_t>(), ElementsAre(10, 20, 30));
}

TEST(ParamsFileTest, ArraysWithoutElementsAreErrorsOnlyWhenTheyAreRead) {
  const std::string none = Bytes(kV2, 0, 0) + Bytes(kV3, 0, -1) + Bytes(kV3, 0, 1, int64_t{-1}) + Bytes(kV1, 0) +
                           Bytes(uint32_t{0}) + Bytes(kV3, 0, 0, 1, 0, 4, 42);
  ASSERT_OK_AND_ASSIGN(const auto params, OpenBytes(List(6, none)));
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(params->entries()[i].type.IsFullyKnown());
    EXPECT_THAT(params->Read(i), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("never initialised")));
  }
  ASSERT_OK_AND_ASSIGN(const Tensor scalar, params->Read(5));
  EXPECT_EQ(scalar.shape(), Shape());
  EXPECT_THAT(scalar.span<int32_t>(), ElementsAre(42));
}

TEST(ParamsFileTest, SparseArraysAreNotGrownBeyondBounds) {
  const std::string huge =
      Bytes(kV2, 1, 2, int64_t{0}, int64_t{3}, 2, int64_t{1} << 40, int64_t{3}, 1, 0, 0, 6, 1, int64_t{0});
  EXPECT_THAT(OpenBytes(List(1, huge)), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("array 0")));
}

TEST(ParamsFileTest, PartsOfSparseArraysMustFitTogether) {
  // row_sparse [4, 3] with values [2, 5]
  const std::string rows =
      Bytes(kV2, 1, 2, int64_t{2}, int64_t{5}, 2, int64_t{4}, int64_t{3}, 1, 0, 3, 6, 1, int64_t{2}) +
      std::string(10, 'x') + Bytes(int64_t{0}, int64_t{1});
  EXPECT_THAT(OpenBytes(List(1, rows)), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("sparse uint8 [4, 3]")));
  // csr [2, 3] whose indptr has 2 elements, not 3
  const std::string csr =
      Bytes(kV2, 2, 1, int64_t{1}, 2, int64_t{2}, int64_t{3}, 1, 0, 3, 6, 1, int64_t{2}, 6, 1, int64_t{1}) + "x" +
      Bytes(int64_t{0}, int64_t{1}) + Bytes(int64_t{0});
  EXPECT_THAT(OpenBytes(List(1, csr)), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("sparse uint8 [2, 3]")));
}

TEST(ParamsFileTest, FileThatShrinksWhileItIsOpenIsAnError) {
  const std::string path = testing::TempDir() + "/shrinks.params";
  ASSERT_OK(WriteParamsFile(path, {{"w", Tensor::Zeros({DType::kFloat32, Shape{100}})}}));
  ASSERT_OK_AND_ASSIGN(const auto params, ParamsFile::Open(path));
  ASSERT_EQ(truncate(path.c_str(), 50), 0);
  EXPECT_THAT(params->Read(0),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("shrinks.params"), HasSubstr("\"w\""))));
}

// --- Writing

TEST(ParamsFileTest, WritingRefusesWhatTheFormatCannotHold) {
  const std::string path = testing::TempDir() + "/refused.params";
  const Tensor scalar = Tensor::Zeros({DType::kFloat32, Shape()});
  EXPECT_THAT(WriteParamsFile(path, {{"s", scalar}}),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("refused.params"), HasSubstr("\"s\""))));
  const Tensor vector = Tensor::Zeros({DType::kFloat32, Shape{1}});
  EXPECT_THAT(WriteParamsFile(path, {{"v", vector}, {"v", vector}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"v\"")));
  EXPECT_THAT(ReadFile(path), StatusIs(absl::StatusCode::kNotFound));
}

TEST(ParamsFileTest, PrefixesAreStripped) {
  EXPECT_EQ(StripParamPrefix("arg:conv0_weight"), "conv0_weight");
  EXPECT_EQ(StripParamPrefix("aux:arg:x"), "arg:x");
  EXPECT_EQ(StripParamPrefix("argument"), "argument");
}

// --- Damage

void ExpectDamageNeverCrashes(const std::string& file) {
  ASSERT_OK_AND_ASSIGN(const std::string good, ReadFile(Golden(file)));
  SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
  ForEachMutation(good, [](const std::string& bytes) {
    const auto params = OpenBytes(bytes);
    if (params.ok()) (*params)->ReadAll().IgnoreError();
  });
  SetLogSink(nullptr);
}

TEST(ParamsFileTest, DamagedListsNeverCrash) {
  for (const char* file : {"v1-mixed.params", "v1-np.params", "v1-csr.params"}) ExpectDamageNeverCrashes(file);
}

TEST(ParamsFileTest, DamagedNpzAndNpyNeverCrash) {
  for (const char* file : {"v2-npz-names.params", "v2-npy.params"}) ExpectDamageNeverCrashes(file);
}

}  // namespace
}  // namespace baryon

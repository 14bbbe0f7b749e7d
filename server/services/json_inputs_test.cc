#include "server/services/json_inputs.h"

#include <cmath>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

class JsonInputsTest : public testing::Test {
 protected:
  void UseModel(const std::string& text, std::optional<PictureInput> pictures = std::nullopt) {
    OpenedModel opened{MakeExecutable(text, pool_), {}, std::move(pictures)};
    model_ = std::make_unique<ServedModel>("m", 4, std::move(opened), Batcher::Options(), executor_,
                                           metrics_.ForModel("m", 4));
  }
  void UsePair() {
    UseModel(
        "input a: float32 [-1, 2]\ninput b: int32 [-1]\nx = _copy(a)\ny = "
        "_copy(b)\noutput x = x\noutput y = y\n");
  }
  void UsePictures() {
    UseModel(GraphOf("_copy", "float32 [-1, 1]"),
             PictureInput{
                 "data", [](absl::string_view file) {
                   return absl::StatusOr<Tensor>(Tensor::FromData<float>({1, 1}, {static_cast<float>(file.size())}));
                 }});
  }

  // The value of "x" in a text, read by `read`.
  template <typename Read>
  absl::StatusOr<Tensors> ReadX(absl::string_view value, Read read) {
    const std::string text = absl::StrCat("{\"x\":", value, "}");
    const std::string padded = text + std::string(kJsonPadding, ' ');
    JsonText json;
    BARYON_RETURN_IF_ERROR(json.Open(absl::string_view(padded).substr(0, text.size())));
    BARYON_ASSIGN_OR_RETURN(const JsonObject object, json.Object());
    JsonInputs inputs(*model_);
    BARYON_RETURN_IF_ERROR(ForEachField(
        object, "", [&](absl::string_view key, JsonValue field) -> absl::Status { return read(inputs, field, key); }));
    BARYON_RETURN_IF_ERROR(json.Finish());
    return inputs.Finish();
  }
  absl::StatusOr<Tensors> Rows(absl::string_view value) {
    return ReadX(value, [](JsonInputs& inputs, JsonValue rows, absl::string_view key) -> absl::Status {
      BARYON_ASSIGN_OR_RETURN(const JsonArray array, ReadArray(rows, key));
      return ForEachElement(array, key, [&](size_t, JsonValue row) { return inputs.AddRow(row, "row"); });
    });
  }
  absl::StatusOr<Tensors> Columns(absl::string_view value) {
    return ReadX(value, [](JsonInputs& inputs, JsonValue columns, absl::string_view key) {
      return inputs.AddColumns(columns, key);
    });
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  std::unique_ptr<ServedModel> model_;
};

TEST_F(JsonInputsTest, ReadsRowsOfTheOnlyInput) {
  UseModel(GraphOf("_copy", "float32 [-1, 2]"));
  for (const char* rows : {"[[1,2],[3,4]]", R"([{"data":[1,2]},{"data":[3,4]}])", R"([[1,2],{"data":[3,4]}])"}) {
    ASSERT_OK_AND_ASSIGN(const Tensors inputs, Rows(rows));
    EXPECT_EQ(inputs[0].shape(), (Shape{2, 2}));
    EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2, 3, 4));
  }
}

TEST_F(JsonInputsTest, ReadsRowsOfSeveralInputs) {
  UsePair();
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Rows(R"([{"a":[1,2],"b":5},{"b":6,"a":[3,4]}])"));
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(inputs[1].span<int32_t>(), ElementsAre(5, 6));
  EXPECT_THAT(Rows("[[1,2]]"), StatusIs(kInvalid, HasSubstr("an object of values by input")));
  EXPECT_THAT(Rows(R"([{"a":[1,2]}])"), StatusIs(kInvalid, HasSubstr("\"b\" is missing")));
  EXPECT_THAT(Rows(R"([{"a":[1,2],"c":1}])"), StatusIs(kInvalid, HasSubstr("no input is called \"c\"")));
}

TEST_F(JsonInputsTest, ReadsColumns) {
  UsePair();
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Columns(R"({"a":[[1,2],[3,4],[5,6]],"b":[7]})"));
  EXPECT_EQ(inputs[0].shape(), (Shape{3, 2}));
  EXPECT_THAT(inputs[1].span<int32_t>(), ElementsAre(7));
  EXPECT_THAT(Columns("[[1,2]]"), StatusIs(kInvalid, HasSubstr("an object of arrays by input")));
  UseModel(GraphOf("_copy", "float32 [-1, 2]"));
  ASSERT_OK_AND_ASSIGN(const Tensors one, Columns("[[1,2]]"));
  EXPECT_THAT(one[0].span<float>(), ElementsAre(1, 2));
}

TEST_F(JsonInputsTest, RefusesRaggedAndEmptyValues) {
  UseModel(GraphOf("_copy", "float32 [-1, 2]"));
  for (const char* rows : {"[]", "[[1,2],[3]]", "[[1,2],3]", "[[1,2],[[3,4]]]", "[[]]", "[[1,\"2\"]]", "[null]",
                           "[{\"data\":[1,2],\"data\":[1,2]}]", "[{}]", "[\"text\"]", "[{\"b64\":\"aGVsbG8=\"}]"}) {
    EXPECT_THAT(Rows(rows), StatusIs(kInvalid)) << rows;
  }
}

TEST_F(JsonInputsTest, TakesNumbersThatAreNoJson) {
  UseModel(GraphOf("_copy", "float32 [-1]"));
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Rows("[NaN,Infinity,-Infinity]"));
  EXPECT_TRUE(std::isnan(inputs[0].span<float>()[0]));
  EXPECT_EQ(inputs[0].span<float>()[2], -INFINITY);
}

TEST_F(JsonInputsTest, TakesPicturesAsBase64AndAsText) {
  UsePictures();
  for (const char* rows : {R"([{"b64":"aGVsbG8="},"abc"])", R"([{"data":{"b64":"aGVsbG8="}},{"data":"abc"}])"}) {
    ASSERT_OK_AND_ASSIGN(const Tensors inputs, Rows(rows));
    EXPECT_THAT(inputs[0].span<float>(), ElementsAre(5, 3));
  }
  ASSERT_OK_AND_ASSIGN(const Tensors columns, Columns(R"({"data":[{"b64":"aGVsbG8="},{"b64":""}]})"));
  EXPECT_THAT(columns[0].span<float>(), ElementsAre(5, 0));
  EXPECT_THAT(Rows(R"([{"b64":"***"}])"), StatusIs(kInvalid, HasSubstr("expected base64")));
  EXPECT_THAT(Rows(R"([{"b64":7}])"), StatusIs(kInvalid, HasSubstr("a string")));
  EXPECT_THAT(Rows(R"([{"b64":"","more":1}])"), StatusIs(kInvalid));
}

TEST_F(JsonInputsTest, AModelOfPicturesTakesArraysToo) {
  UsePictures();
  ASSERT_OK_AND_ASSIGN(const Tensors rows, Rows("[[1],[2]]"));
  EXPECT_THAT(rows[0].span<float>(), ElementsAre(1, 2));
  ASSERT_OK_AND_ASSIGN(const Tensors columns, Columns("[[1],[2]]"));
  EXPECT_THAT(columns[0].span<float>(), ElementsAre(1, 2));
}

}  // namespace
}  // namespace baryon

#include "server/models/model_config.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class ModelConfigTest : public testing::Test {
 protected:
  ModelConfigTest() {
    SetLogSink([this](LogSeverity, absl::string_view message, LogFields) { absl::StrAppend(&log_, message, "\n"); });
  }
  ~ModelConfigTest() override { SetLogSink(nullptr); }

  static absl::StatusOr<ModelSettings> Read(absl::string_view text) {
    absl::StatusOr<inference::ModelConfig> config = ParseModelConfig(text, "m/config.pbtxt");
    if (!config.ok()) return config.status();
    return ReadModelSettings(*std::move(config), "m");
  }
  static std::string ErrorOf(absl::string_view text) { return std::string(Read(text).status().message()); }

  std::string log_;
};

TEST_F(ModelConfigTest, AnEmptyFileChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const ModelSettings settings, Read(""));
  EXPECT_FALSE(settings.batching.join.has_value());
  EXPECT_FALSE(settings.batching.max_rows.has_value());
  EXPECT_FALSE(settings.max_request_rows.has_value());
  EXPECT_EQ(settings.max_wait[1], absl::InfiniteDuration());
  EXPECT_EQ(settings.versions, VersionPolicy());
}

TEST_F(ModelConfigTest, ReadsWhatTritonUsersWrite) {
  ASSERT_OK_AND_ASSIGN(const ModelSettings settings, Read(R"(
      # A comment.
      name: "m"
      platform: "mxnet_mxnet"
      max_batch_size: 16
      dynamic_batching {
        preferred_batch_size: [ 4, 8 ]
        max_queue_delay_microseconds: 500
        priority_levels: 3
        default_priority_level: 2
        default_queue_policy { default_timeout_microseconds: 100000 max_queue_size: 50 }
        priority_queue_policy { key: 3 value { default_timeout_microseconds: 5000000 } }
      }
      instance_group [ { count: 2 kind: KIND_CPU }, { count: 1 } ]
      version_policy: { latest { num_versions: 2 } }
      parameters { key: "threads" value: { string_value: "3" } }
      parameters { key: "batching" value: { string_value: "always" } }
      parameters { key: "weight" value: { string_value: "2.5" } }
      parameters { key: "latency_objective_ms" value: { string_value: "7.5" } }
      parameters { key: "version_label.stable" value: { string_value: "3" } }
      parameters { key: "of_another_backend" value: { string_value: "whatever" } }
      output { name: "out" label_filename: "classes.txt" })"));
  EXPECT_EQ(settings.batching.max_rows, 16);
  EXPECT_EQ(settings.max_request_rows, 16);
  EXPECT_EQ(settings.batching.preferred_rows, 8);
  EXPECT_EQ(settings.batching.max_delay, absl::Microseconds(500));
  EXPECT_EQ(settings.batching.slots, 3);
  EXPECT_EQ(settings.batching.threads, 3);
  EXPECT_EQ(settings.batching.join, true);
  EXPECT_EQ(settings.batching.objective, absl::Milliseconds(7.5));
  EXPECT_EQ(settings.weight, 2.5);
  EXPECT_EQ(settings.limits.requests, 50);
  EXPECT_EQ(settings.max_wait[static_cast<int>(Priority::kNormal)], absl::Milliseconds(100));
  EXPECT_EQ(settings.max_wait[static_cast<int>(Priority::kLow)], absl::Seconds(5));
  EXPECT_EQ(settings.versions.latest, 2);
  EXPECT_THAT(settings.version_labels, ElementsAre(Pair("stable", 3)));
  EXPECT_EQ(settings.label_file, "classes.txt");
}

TEST_F(ModelConfigTest, ABatchSizeOfZeroJoinsNothing) {
  ASSERT_OK_AND_ASSIGN(const ModelSettings settings, Read("max_batch_size: 0"));
  EXPECT_EQ(settings.batching.max_rows, 1);
  EXPECT_FALSE(settings.max_request_rows.has_value()) << "the shapes are as the request gives them";
}

TEST_F(ModelConfigTest, ErrorsNameTheLine) {
  EXPECT_THAT(ErrorOf("name: \"m\"\nmax_batch_size: : 3"), HasSubstr("\"m/config.pbtxt\" line 2: "));
  EXPECT_THAT(ErrorOf("name: \"m\"\n\nmax_batch_sise: 3"), HasSubstr("line 3: there is no field \"max_batch_sise\""));
  EXPECT_THAT(ErrorOf("dynamic_batching {\n  max_queue_delay: 3\n}"),
              HasSubstr("line 2: there is no field \"max_queue_delay\""));
  EXPECT_THAT(ErrorOf("max_batch_size: 99999999999"), HasSubstr("line 1: "));
  EXPECT_THAT(ErrorOf("input { data_type: TYPE_FP33 }"), HasSubstr("line 1: "));
  EXPECT_THAT(ErrorOf("dynamic_batching {"), HasSubstr("line 1: "));
  EXPECT_THAT(ErrorOf("max_batch_size: 1 max_batch_size: 2"), HasSubstr("line 1: "));
  EXPECT_THAT(ErrorOf("include: \"/etc/passwd\""), HasSubstr("line 1: there is no field \"include\""));
  EXPECT_THAT(ErrorOf(std::string("\0\xff\x01 binary", 10)), HasSubstr("line 1: "));
}

TEST_F(ModelConfigTest, DeepNestingIsAnError) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "optimization {";
  EXPECT_THAT(Read(deep), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ModelConfigTest, WarnsAboutWhatTunesOtherHardware) {
  EXPECT_OK(
      Read("optimization { graph { level: 1 } cuda { graphs: true } }\n"
           "instance_group { count: 1 gpus: [ 0 ] kind: KIND_GPU }"));
  EXPECT_THAT(log_, HasSubstr("\"m/config.pbtxt\" line 1: \"optimization\" has no meaning here"));
  EXPECT_THAT(log_, HasSubstr("KIND_GPU has no meaning here"));
}

TEST_F(ModelConfigTest, RefusesValuesThatMakeNoSense) {
  EXPECT_EQ(ErrorOf("max_batch_size: -1"), "max_batch_size: expected 0 or more, got -1");
  EXPECT_EQ(ErrorOf("name: \"other\""), "name: expected \"m\", got \"other\"");
  EXPECT_EQ(ErrorOf("backend: \"onnxruntime\""), "backend: expected \"mxnet\" or \"baryon\", got \"onnxruntime\"");
  EXPECT_THAT(ErrorOf("max_batch_size: 4 dynamic_batching { preferred_batch_size: 8 }"),
              HasSubstr("preferred_batch_size: expected 1 to max_batch_size, 4, got 8"));
  EXPECT_THAT(ErrorOf("version_policy { specific { versions: 0 } }"), HasSubstr("version_policy"));
  EXPECT_THAT(ErrorOf("version_policy { specific { } }"), HasSubstr("version_policy"));
  EXPECT_THAT(ErrorOf("instance_group { count: -1 }"), HasSubstr("instance_group"));
  EXPECT_THAT(ErrorOf("dynamic_batching { priority_levels: 2 default_priority_level: 3 }"),
              HasSubstr("default_priority_level"));
  EXPECT_THAT(ErrorOf("dynamic_batching { priority_queue_policy { key: 1 } }"), HasSubstr("priority_queue_policy"));
  EXPECT_THAT(ErrorOf("output { label_filename: \"../../etc/passwd\" }"), HasSubstr("label_filename"));
  EXPECT_THAT(ErrorOf("model_warmup { inputs { key: \"a\" value { input_data_file: \"../x\" } } }"),
              HasSubstr("input_data_file"));
  EXPECT_THAT(ErrorOf("model_warmup { count: 4000000000 }"), HasSubstr("model_warmup"));
  for (const char* parameter : {"threads", "batching", "weight", "latency_objective_ms", "version_label.a"}) {
    for (const char* value : {"", "-1", "nan", "sometimes"}) {
      const std::string text =
          absl::StrCat("parameters { key: \"", parameter, "\" value: { string_value: \"", value, "\" } }");
      EXPECT_THAT(ErrorOf(text), HasSubstr(absl::StrCat(parameter, ": expected"))) << value;
    }
  }
  EXPECT_THAT(ErrorOf("parameters { key: \"version_label.a/b\" value: { string_value: \"1\" } }"),
              HasSubstr("version label"));
}

TEST_F(ModelConfigTest, SaysWhatItDoesNotDo) {
  for (const char* text :
       {"sequence_batching { }", "ensemble_scheduling { }", "model_transaction_policy { decoupled: true }",
        "input { name: \"a\" reshape { shape: [ ] } }", "output { name: \"a\" reshape { shape: [ 1 ] } }"}) {
    EXPECT_THAT(Read(text), StatusIs(absl::StatusCode::kUnimplemented)) << text;
  }
}

TEST_F(ModelConfigTest, LevelsBecomeThreePriorities) {
  ASSERT_OK_AND_ASSIGN(const ModelSettings none, Read(""));
  EXPECT_EQ(none.PriorityOf(0), Priority::kNormal);
  EXPECT_EQ(none.PriorityOf(1), Priority::kHigh);
  EXPECT_EQ(none.PriorityOf(2), Priority::kNormal);
  EXPECT_EQ(none.PriorityOf(UINT64_MAX), Priority::kLow);
  ASSERT_OK_AND_ASSIGN(const ModelSettings nine,
                       Read("dynamic_batching { priority_levels: 9 default_priority_level: 9 }"));
  EXPECT_EQ(nine.PriorityOf(0), Priority::kLow);
  EXPECT_EQ(nine.PriorityOf(3), Priority::kHigh);
  EXPECT_EQ(nine.PriorityOf(4), Priority::kNormal);
  EXPECT_EQ(nine.PriorityOf(7), Priority::kLow);
  EXPECT_EQ(nine.PriorityOf(UINT64_MAX), Priority::kLow);
}

TEST_F(ModelConfigTest, ReadsTheFileOfAFolder) {
  TempFolder files;
  ASSERT_OK_AND_ASSIGN(const ModelSettings none, ReadModelSettingsOf(files.path(), "m"));
  EXPECT_FALSE(none.max_request_rows.has_value());
  files.Write("config.pbtxt", "max_batch_size: 3");
  ASSERT_OK_AND_ASSIGN(const ModelSettings some, ReadModelSettingsOf(files.path(), "m"));
  EXPECT_EQ(some.max_request_rows, 3);
  files.Write("config.pbtxt", "max_batch_size: -3");
  EXPECT_THAT(ReadModelSettingsOf(files.path(), "m"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("config.pbtxt\": max_batch_size")));
}

TEST_F(ModelConfigTest, ReadsNoMoreThanAMegabyte) {
  TempFolder files;
  files.Write("config.pbtxt", std::string((1 << 20) + 1, ' '));
  EXPECT_THAT(ReadModelSettingsOf(files.path(), "m"), StatusIs(absl::StatusCode::kResourceExhausted));
}

// --- Declarations

class DeclarationsTest : public ModelConfigTest {
 protected:
  DeclarationsTest() {
    signature_.inputs = {{"data", {DType::kFloat32, {-1, 3, -1, -1}}}, {"any", TensorType()}};
    signature_.outputs = {{"prob", {DType::kFloat32, {-1, 10}}}};
  }
  std::string Check(absl::string_view text) {
    absl::StatusOr<ModelSettings> settings = Read(text);
    if (!settings.ok()) return std::string(settings.status().message());
    return std::string(CheckDeclarations(*settings, signature_).message());
  }
  Signature signature_;
};

TEST_F(DeclarationsTest, AgreeWithOrWithoutTheBatch) {
  EXPECT_EQ(Check(""), "");
  EXPECT_EQ(Check("max_batch_size: 8 input { name: \"data\" data_type: TYPE_FP32 dims: [ 3, 224, -1 ] }"), "");
  EXPECT_EQ(Check("max_batch_size: 0 input { name: \"data\" data_type: TYPE_FP32 dims: [ -1, 3, 224, 224 ] }"), "");
  EXPECT_EQ(Check("input { name: \"data\" dims: [ 3, 224, 224 ] } output { name: \"prob\" dims: [ 1, 10 ] }"), "");
  EXPECT_EQ(Check("input { name: \"any\" data_type: TYPE_INT64 dims: [ 7 ] }"), "");
  EXPECT_EQ(Check("input { name: \"data\" data_type: TYPE_STRING dims: [ 1 ] }"), "") << "pictures";
}

TEST_F(DeclarationsTest, AreRefusedWhereTheyContradictTheGraph) {
  EXPECT_EQ(Check("input { name: \"image\" }"), "input: expected \"data\", \"any\", got \"image\"");
  EXPECT_EQ(Check("output { name: \"data\" }"), "output: expected \"prob\", got \"data\"");
  EXPECT_EQ(Check("input { name: \"data\" data_type: TYPE_UINT8 }"),
            "input \"data\": expected float32 [-1, 3, -1, -1], got TYPE_UINT8");
  EXPECT_EQ(Check("max_batch_size: 8 output { name: \"prob\" dims: [ 11 ] }"),
            "output \"prob\": dims: expected float32 [-1, 10], got [11] beside the batch");
  EXPECT_THAT(Check("max_batch_size: 8 input { name: \"data\" dims: [ -1, 3, 224, 224 ] }"), HasSubstr("dims"));
  EXPECT_THAT(Check("max_batch_size: 0 input { name: \"data\" dims: [ 3, 224, 224 ] }"), HasSubstr("dims"));
}

}  // namespace
}  // namespace baryon

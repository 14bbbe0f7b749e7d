#include "server/services/proto_json.h"

#include "gtest/gtest.h"
#include "proto/inference.pb.h"

namespace baryon {
namespace {

TEST(ProtoJsonTest, WritesNumbersAsNumbersAndNamesAsTheyAre) {
  inference::ModelStatisticsResponse message;
  auto& statistics = *message.add_model_stats();
  statistics.set_name("m");
  statistics.set_last_inference(9007199254740993);
  statistics.mutable_inference_stats()->mutable_success()->set_ns(5);
  const std::string text = Dump(ToJson(message));
  EXPECT_EQ(text.substr(0, 85),
            R"({"model_stats":[{"name":"m","version":"","last_inference":9007199254740993,"inference)");
  EXPECT_NE(text.find(R"("success":{"count":0,"ns":5})"), std::string::npos) << text;
  EXPECT_EQ(text.find("\"fail\""), std::string::npos) << text;
}

TEST(ProtoJsonTest, WritesEnumsListsAndMaps) {
  inference::ModelConfig config;
  auto& input = *config.add_input();
  input.set_data_type(inference::TYPE_FP32);
  input.add_dims(-1);
  EXPECT_EQ(ToJson(config)["input"][0]["data_type"], "TYPE_FP32");
  EXPECT_EQ(ToJson(config)["input"][0]["dims"], nlohmann::ordered_json({-1}));
  EXPECT_EQ(ToJson(config)["output"], nlohmann::ordered_json::array());

  inference::ModelInferRequest request;
  (*request.mutable_parameters())["a"].set_bool_param(true);
  (*request.mutable_parameters())["b"].set_string_param("x");
  EXPECT_EQ(ToJson(request)["parameters"]["a"]["bool_param"], true);
  EXPECT_EQ(ToJson(request)["parameters"]["b"], nlohmann::ordered_json({{"string_param", "x"}}));
}

TEST(ProtoJsonTest, ReplacesWhatIsNoUtf8) { EXPECT_EQ(Dump({"\xff"}), "[\"\xEF\xBF\xBD\"]"); }

}  // namespace
}  // namespace baryon

#include "server/services/predictor.h"

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/refusal.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PredictorTest : public testing::Test {
 protected:
  PredictorTest() {
    OpenedModel opened;
    opened.executable = MakeExecutable(GraphOf("_test_double", "float32 [-1]"), pool_);
    registry_.Publish(std::make_shared<const ServedModel>("double", 3, std::move(opened), Batcher::Options(), executor_,
                                                          metrics_.ForModel("double", 3), [this] { return now_; }));
  }

  // Doubles 21, into answer_.
  Predictor::Request RequestOf(const std::string& model) {
    Predictor::Request request;
    request.model = model;
    request.decode = [this](const ServedModel&, Predictor::Request&) -> absl::StatusOr<Tensors> {
      now_ += absl::Milliseconds(2);
      return Tensors{Tensor::FromData<float>({1}, {21})};
    };
    request.encode = [this](const ServedModel&, const Tensors& outputs) {
      now_ += absl::Milliseconds(3);
      answer_ = outputs[0].data<float>()[0];
      return absl::OkStatus();
    };
    request.done = [this](const absl::Status& status) {
      EXPECT_FALSE(status_.has_value()) << "answered twice";
      status_ = status;
    };
    return request;
  }

  void Run(Predictor::Request request, Predictor::Options options = {}) {
    predictor_ = std::make_unique<Predictor>(registry_, metrics_, options, [this] { return now_; });
    predictor_->Start(std::move(request));
    now_ += absl::Milliseconds(10);
    executor_.RunAll();
  }

  absl::Time now_ = absl::UnixEpoch();
  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  ModelRegistry registry_;
  std::unique_ptr<Predictor> predictor_;
  float answer_ = 0;
  std::optional<absl::Status> status_;
};

TEST_F(PredictorTest, FindsDecodesPredictsAndEncodes) {
  Run(RequestOf("double"));
  EXPECT_OK(*status_);
  EXPECT_EQ(answer_, 42);
}

TEST_F(PredictorTest, CountsTheRequestAndWhereItsTimeWent) {
  Run(RequestOf("double"));
  const std::string text = metrics_.ToText();
  EXPECT_THAT(text, HasSubstr("baryon_requests_total{code=\"OK\",model=\"double\",protocol=\"baryon\""));
  EXPECT_THAT(text, HasSubstr("nv_inference_request_duration_us{model=\"double\",version=\"3\"} 15000"));
  EXPECT_THAT(text, HasSubstr("nv_inference_queue_duration_us{model=\"double\",version=\"3\"} 10000"));
  EXPECT_THAT(text, HasSubstr("nv_inference_compute_input_duration_us{model=\"double\",version=\"3\"} 2000"));
  EXPECT_THAT(text, HasSubstr("nv_inference_compute_output_duration_us{model=\"double\",version=\"3\"} 3000"));
  EXPECT_THAT(text, HasSubstr("baryon_inflight_requests{model=\"double\",version=\"3\"} 0"));
}

TEST_F(PredictorTest, AnUnknownModelIsCountedUnderNoName) {
  Run(RequestOf("no-such-model"));
  EXPECT_THAT(*status_, StatusIs(absl::StatusCode::kNotFound, HasSubstr("loaded: double")));
  const std::string text = metrics_.ToText();
  EXPECT_THAT(text, HasSubstr("baryon_requests_total{code=\"NOT_FOUND\",model=\"\""));
  EXPECT_THAT(text, testing::Not(HasSubstr("no-such-model")));
}

TEST_F(PredictorTest, AVersionThatCannotBeReadEndsTheRequest) {
  Predictor::Request request = RequestOf("double");
  request.version = absl::InvalidArgumentError("version");
  Run(std::move(request));
  EXPECT_THAT(*status_, StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(PredictorTest, WhatCannotBeDecodedNeverReachesTheModel) {
  Predictor::Request request = RequestOf("double");
  request.decode = [](const ServedModel&, Predictor::Request&) { return absl::InvalidArgumentError("bytes"); };
  Run(std::move(request));
  EXPECT_THAT(*status_, StatusIs(absl::StatusCode::kInvalidArgument, "bytes"));
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_executions_total{model=\"double\",version=\"3\"} 0"));
}

TEST_F(PredictorTest, AnErrorOfEncodingIsTheAnswer) {
  Predictor::Request request = RequestOf("double");
  request.encode = [](const ServedModel&, const Tensors&) { return absl::ResourceExhaustedError("too large"); };
  Run(std::move(request));
  EXPECT_THAT(*status_, StatusIs(absl::StatusCode::kResourceExhausted, "too large"));
}

TEST_F(PredictorTest, NobodyWaitsLongerThanTheServerAllows) {
  Predictor::Options options;
  options.max_queue_time = absl::Milliseconds(10);
  Run(RequestOf("double"), options);
  EXPECT_EQ(RefusalOf(*status_), Refusal::kOverload);
}

TEST_F(PredictorTest, WhatOnlyTheBytesTellCounts) {
  Predictor::Request request = RequestOf("double");
  request.decode = [decode = std::move(request.decode)](const ServedModel& model, Predictor::Request& call) mutable {
    call.max_wait = absl::Milliseconds(10);
    return decode(model, call);
  };
  Run(std::move(request));
  EXPECT_EQ(RefusalOf(*status_), Refusal::kOverload);
}

TEST_F(PredictorTest, OnceClosedAnswersWhatHasComeAndRefusesTheRest) {
  Predictor predictor(registry_, metrics_, {}, [this] { return now_; });
  predictor.Start(RequestOf("double"));
  predictor.Close();
  std::optional<absl::Status> late;
  Predictor::Request request = RequestOf("double");
  request.done = [&](const absl::Status& status) { late = status; };
  predictor.Start(std::move(request));
  EXPECT_EQ(RefusalOf(*late), Refusal::kDraining);
  executor_.RunAll();
  EXPECT_OK(*status_);
  EXPECT_EQ(answer_, 42);
}

TEST_F(PredictorTest, CallsWithoutATokenAreCounted) {
  Predictor predictor(registry_, metrics_, {}, [this] { return now_; });
  predictor.CountUnauthorized();
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_rejected_total{model=\"\",reason=\"auth\"} 1"));
}

TEST_F(PredictorTest, NobodyWaitsLongerThanTheClient) {
  Predictor::Request request = RequestOf("double");
  request.deadline = now_ + absl::Milliseconds(5);
  Run(std::move(request));
  EXPECT_THAT(*status_, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(PredictorTest, ACancelledRequestIsNotComputed) {
  Predictor::Request request = RequestOf("double");
  std::stop_source client;
  request.stop = client.get_token();
  client.request_stop();
  Run(std::move(request));
  EXPECT_THAT(*status_, StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(PredictorTest, AModelThatIsRemovedAnswersWhatItHasAccepted) {
  Predictor predictor(registry_, metrics_, {}, [this] { return now_; });
  predictor.Start(RequestOf("double"));
  registry_.Remove("double", 3);
  executor_.RunAll();
  EXPECT_EQ(answer_, 42);
}

TEST_F(PredictorTest, LogsALineForEachRequestWhenAsked) {
  std::vector<std::string> lines;
  SetLogSink([&](LogSeverity, absl::string_view message, LogFields fields) {
    std::string line(message);
    for (const auto& [name, value] : fields) line += " " + std::string(name) + "=" + value;
    lines.push_back(line);
  });
  Predictor::Options options;
  options.log_requests = true;
  Run(RequestOf("a\nb"), options);
  SetLogSink(nullptr);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("request model=\"a\\nb\" version=0 protocol=baryon transport=grpc code=NOT_FOUND"));
}

}  // namespace
}  // namespace baryon

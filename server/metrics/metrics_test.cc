#include "server/metrics/metrics.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

RequestTimes SomeTimes() {
  RequestTimes times;
  times.total = absl::Milliseconds(6);
  times.queued = absl::Milliseconds(2);
  times.infer = absl::Milliseconds(3);
  return times;
}

TEST(ServerMetricsTest, NamesTheServersVersion) {
  EXPECT_THAT(ServerMetrics("1.2.3", "avx2", "abc").ToText(),
              HasSubstr("baryon_build_info{isa=\"avx2\",revision=\"abc\",version=\"1.2.3\"} 1"));
}

TEST(ServerMetricsTest, CountsRequestsByModelProtocolAndCode) {
  ServerMetrics metrics("1");
  const auto model = metrics.ForModel("digits", 3);
  model->CountAnswer(Protocol::kOpenInference, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
  model->CountAnswer(Protocol::kOpenInference, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
  model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kInvalidArgument, SomeTimes());
  const std::string labels = "model=\"digits\",protocol=\"oip\",transport=\"grpc\",version=\"3\"}";
  EXPECT_THAT(metrics.ToText(),
              AllOf(HasSubstr("baryon_requests_total{code=\"OK\"," + labels + " 2"),
                    HasSubstr("baryon_requests_total{code=\"INVALID_ARGUMENT\",model=\"digits\",protocol=\"baryon\"")));
}

TEST(ServerMetricsTest, MeasuresEveryOutcomeButPhasesOfSuccessOnly) {
  ServerMetrics metrics("1");
  const auto model = metrics.ForModel("digits", 3);
  model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kInternal, SomeTimes());
  EXPECT_THAT(metrics.ToText(),
              AllOf(HasSubstr("baryon_request_duration_seconds_count{code_class=\"server_error\",model=\"digits\","
                              "protocol=\"baryon\",version=\"3\"} 1"),
                    HasSubstr("baryon_queue_duration_seconds_count{model=\"digits\",version=\"3\"} 0")));
}

TEST(ServerMetricsTest, ShowsRequestsThatAreNotAnsweredYet) {
  ServerMetrics metrics("1");
  const auto model = metrics.ForModel("digits", 3);
  model->CountArrival();
  model->CountArrival();
  model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
  EXPECT_THAT(metrics.ToText(), HasSubstr("baryon_inflight_requests{model=\"digits\",version=\"3\"} 1"));
}

TEST(ServerMetricsTest, CountsRowsAndBatches) {
  ServerMetrics metrics("1");
  const auto model = metrics.ForModel("digits", 3);
  model->CountBatch(5);
  model->CountBatch(1);
  EXPECT_THAT(metrics.ToText(), AllOf(HasSubstr("baryon_inferences_total{model=\"digits\",version=\"3\"} 6"),
                                      HasSubstr("baryon_executions_total{model=\"digits\",version=\"3\"} 2"),
                                      HasSubstr("baryon_batch_size_count{model=\"digits\",version=\"3\"} 2")));
}

TEST(ServerMetricsTest, SpeaksToDashboardsOfTriton) {
  ServerMetrics metrics("1");
  const auto model = metrics.ForModel("digits", 3);
  model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
  model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kDeadlineExceeded, SomeTimes());
  model->SetQueued(4);
  const std::string labels = "{model=\"digits\",version=\"3\"}";
  EXPECT_THAT(metrics.ToText(),
              AllOf(HasSubstr("nv_inference_request_success" + labels + " 1"),
                    HasSubstr("nv_inference_request_failure{model=\"digits\",reason=\"REJECTED\",version=\"3\"} 1"),
                    HasSubstr("nv_inference_request_duration_us" + labels + " 6000"),
                    HasSubstr("nv_inference_queue_duration_us" + labels + " 2000"),
                    HasSubstr("nv_inference_pending_request_count" + labels + " 4")));
}

TEST(ServerMetricsTest, ForgetsVersionsThatAreGone) {
  ServerMetrics metrics("1");
  auto model = metrics.ForModel("digits", 3);
  model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
  model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kInternal, SomeTimes());
  model.reset();
  EXPECT_THAT(metrics.ToText(), Not(HasSubstr("digits")));
}

TEST(ServerMetricsTest, AVersionLoadedAgainCountsOn) {
  ServerMetrics metrics("1");
  auto first = metrics.ForModel("digits", 3);
  first->CountBatch(5);
  const auto second = metrics.ForModel("digits", 3);
  first.reset();
  second->CountBatch(2);
  EXPECT_THAT(metrics.ToText(), HasSubstr("baryon_inferences_total{model=\"digits\",version=\"3\"} 7"));
}

TEST(ServerMetricsTest, KeepsWhatAVersionThatGoesHasCountedForItsName) {
  ServerMetrics metrics("1");
  auto three = metrics.ForModel("digits", 3);
  const auto four = metrics.ForModel("digits", 4);
  three->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
  three.reset();
  EXPECT_THAT(metrics.ToText(), HasSubstr("baryon_overhead_seconds_count{model=\"digits\"} 1"));
}

TEST(ServerMetricsTest, CountsOnAfterItWasRead) {
  ServerMetrics metrics("1");
  const auto model = metrics.ForModel("digits", 3);
  for (int answered = 1; answered <= 3; ++answered) {
    model->CountArrival();
    EXPECT_THAT(metrics.ToText(), HasSubstr("baryon_inflight_requests{model=\"digits\",version=\"3\"} 1"));
    model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
    EXPECT_EQ(model->Totals().succeeded, answered);
    EXPECT_THAT(metrics.ToText(),
                AllOf(HasSubstr("baryon_inflight_requests{model=\"digits\",version=\"3\"} 0"),
                      HasSubstr("baryon_queue_duration_seconds_bucket{model=\"digits\",version=\"3\",le=\"0.001\"} 0"),
                      HasSubstr(absl::StrCat("le=\"0.0025\"} ", answered))));
  }
}

TEST(ServerMetricsTest, CountsLoadFailures) {
  ServerMetrics metrics("1");
  metrics.CountLoadFailure("digits", absl::StatusCode::kDataLoss);
  EXPECT_THAT(metrics.ToText(), HasSubstr("baryon_model_load_failures_total{model=\"digits\",reason=\"DATA_LOSS\"} 1"));
}

TEST(ModelMetricsTest, MayOutliveTheServersMetrics) {
  auto metrics = std::make_unique<ServerMetrics>("1");
  const auto model = metrics->ForModel("digits", 3);
  metrics.reset();
  model->CountBatch(1);
}

TEST(ModelMetricsTest, TotalsAreTheSumsOfWhatWasCounted) {
  ServerMetrics metrics("1");
  const auto model = metrics.ForModel("m", 1);
  EXPECT_EQ(model->Totals().last_batch, absl::InfinitePast());
  const absl::Duration ms = absl::Milliseconds(1);
  for (int i = 0; i < 2; ++i) {
    model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kOk,
                       {9 * ms, 1 * ms, 2 * ms, 3 * ms, ms});
  }
  model->CountAnswer(Protocol::kOpenInference, Transport::kGrpc, absl::StatusCode::kInvalidArgument,
                     {7 * ms, {}, {}, {}, {}});
  model->CountBatch(5);
  const ModelTotals totals = model->Totals();
  EXPECT_EQ(totals.succeeded, 2);
  EXPECT_EQ(totals.failed, 1);
  EXPECT_EQ(totals.rows, 5);
  EXPECT_EQ(totals.batches, 1);
  EXPECT_EQ(totals.failed_time, 7 * ms);
  EXPECT_EQ(totals.times.total, 18 * ms);
  EXPECT_EQ(totals.times.queued, 2 * ms);
  EXPECT_EQ(totals.times.infer, 6 * ms);
  EXPECT_GT(totals.last_batch, absl::UnixEpoch());
}

TEST(ServerMetricsTest, CountsWhyRequestsWereNotComputed) {
  ServerMetrics metrics("1");
  const auto three = metrics.ForModel("digits", 3);
  const auto four = metrics.ForModel("digits", 4);
  three->CountRejected("queue_full");
  four->CountRejected("queue_full");
  four->CountCancelled(CancelStage::kQueue);
  four->CountCancelled(CancelStage::kCompute);
  EXPECT_THAT(metrics.ToText(), AllOf(HasSubstr("baryon_rejected_total{model=\"digits\",reason=\"queue_full\"} 2"),
                                      HasSubstr("baryon_cancelled_total{model=\"digits\",stage=\"queue\"} 1"),
                                      HasSubstr("baryon_cancelled_total{model=\"digits\",stage=\"compute\"} 1")));
}

TEST(ServerMetricsTest, MeasuresTheTimeBesideQueueAndModel) {
  ServerMetrics metrics("1");
  const auto model = metrics.ForModel("digits", 3);
  model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
  EXPECT_THAT(metrics.ToText(), AllOf(HasSubstr("baryon_overhead_seconds_count{model=\"digits\"} 1"),
                                      HasSubstr("baryon_overhead_seconds_sum{model=\"digits\"} 0.001\n")));
}

TEST(ServerMetricsTest, ShowsTheStateOfEveryVersion) {
  ServerMetrics metrics("1");
  metrics.SetModelStates({{"a", 1, ModelState::kReady}, {"b", 2, ModelState::kLoading}});
  EXPECT_THAT(metrics.ToText(), AllOf(HasSubstr("baryon_model_state{model=\"a\",state=\"ready\",version=\"1\"} 1"),
                                      HasSubstr("baryon_model_state{model=\"a\",state=\"loading\",version=\"1\"} 0"),
                                      HasSubstr("baryon_model_state{model=\"b\",state=\"loading\",version=\"2\"} 1")));
  metrics.SetModelStates({{"b", 2, ModelState::kFailed}});
  EXPECT_THAT(metrics.ToText(), AllOf(Not(HasSubstr("model=\"a\"")),
                                      HasSubstr("baryon_model_state{model=\"b\",state=\"failed\",version=\"2\"} 1")));
}

TEST(ServerMetricsTest, TenThousandRetiredVersionsLeaveNothingBehind) {
  ServerMetrics metrics("1");
  const auto size = [&] { return metrics.ToText().size(); };
  const size_t before = size();
  for (int64_t version = 1; version <= 10000; ++version) {
    const auto model = metrics.ForModel("digits", version);
    model->CountRejected("overload");
    model->CountAnswer(Protocol::kBaryon, Transport::kGrpc, absl::StatusCode::kOk, SomeTimes());
    metrics.SetModelStates({{"digits", version, ModelState::kReady}});
  }
  metrics.SetModelStates({});
  EXPECT_NEAR(static_cast<double>(size()), static_cast<double>(before), 100) << "figures of the process have digits";
}

TEST(ServerMetricsTest, HasTheFiguresOfTheProcess) {
  EXPECT_THAT(ServerMetrics("1").ToText(), HasSubstr("\nprocess_resident_memory_bytes "));
}

}  // namespace
}  // namespace baryon

#include "absl/strings/str_replace.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/block.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/tutorial.h"
#include "engine/io/npy.h"
#include "engine/io/params_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/model_case.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StrEq;

std::string ScratchFile(const std::string& name) { return testing::TempDir() + "/" + name; }

NDArray Answer(const TutorialCase& test_case, const std::string& folder) {
  const auto input = ReadNpz(folder + "/input.npz");
  EXPECT_TRUE(input.ok()) << input.status();
  return (*test_case.net)(input->at(0).second);
}

// net.params was written by save_parameters of both releases: a list of arrays by 1.9.1, an npz by 2.0.0b1.
TEST(BlockFilesTest, LoadsWhatMXNetSaved) {
  for (const char* name : {"dense", "sequential", "hybrid_sequential", "lenet", "mlp_hybrid"}) {
    for (const char* version : {"v1", "v2"}) {
      SCOPED_TRACE(testing::Message() << name << " " << version);
      const TutorialCase test_case = MakeTutorialCase(name);
      const std::string folder = TutorialFolder(name, version);
      ASSERT_OK(test_case.net->LoadParameters(folder + "/net.params"));
      const NDArray y = Answer(test_case, folder);
      ASSERT_OK(y.status());
      ASSERT_OK_AND_ASSIGN(const NamedTensors expected, ReadNpz(folder + "/output.npz"));
      EXPECT_LE(ScaledError(y.tensor(), expected[0].second), 1e-5);
    }
  }
}

TEST(BlockFilesTest, SavesWhatItLoads) {
  for (const bool npz : {false, true}) {
    nn::Sequential saved = Stack<nn::Sequential>(), loaded = Stack<nn::Sequential>();
    saved.Initialize();
    const NDArray x = np::random::Uniform(-1, 1, {4, 3});
    const NDArray y = saved(x);
    const std::string path = ScratchFile("sequential.params");
    ASSERT_OK(saved.SaveParameters(path, {.npz = npz}));
    ASSERT_OK(loaded.LoadParameters(path));
    EXPECT_TRUE(np::ArrayEqual(loaded(x), y));
    ASSERT_OK_AND_ASSIGN(const auto file, ParamsFile::Open(path));
    EXPECT_EQ(file->entries()[0].name, "0.weight");
    EXPECT_EQ(file->entries().size(), 6u);
  }
}

TEST(BlockFilesTest, RefusesToSaveWhatIsNotInitialized) {
  nn::Dense dense(5);
  EXPECT_THAT(dense.SaveParameters(ScratchFile("none.params")),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("'weight' has not been initialized")));
}

TEST(BlockFilesTest, SavesSharedParametersOnceWhenAsked) {
  nn::Dense first(3, {.in_units = 3}), second(3, {.in_units = 3});
  second.ShareParameters(first.CollectParams());
  nn::Sequential net;
  net.Add(std::move(first), std::move(second));
  net.Initialize();
  const std::string path = ScratchFile("shared.params");
  ASSERT_OK(net.SaveParameters(path, {.deduplicate = true}));
  ASSERT_OK_AND_ASSIGN(const auto file, ParamsFile::Open(path));
  ASSERT_EQ(file->entries().size(), 2u);
  EXPECT_EQ(file->entries()[0].name, "1.weight");
  ASSERT_OK(net.LoadParameters(path));  // there under one of its names
}

// save_params of MXNet before 1.3: names with counters, without the prefix of the network.
TEST(BlockFilesTest, LoadsFilesOfOldNames) {
  const NameManager fresh;
  nn::HybridSequential net;
  {
    const NameScope scope(net);
    net.Add(nn::Dense(2, {.in_units = 1}), nn::Dense(1));
  }
  const std::string path = ScratchFile("old.params");
  const auto ones = [](const Shape& shape) { return np::Ones(shape).tensor(); };
  ASSERT_OK(WriteParamsFile(path, {{"dense0_weight", ones({2, 1})},
                                   {"dense0_bias", ones({2})},
                                   {"arg:dense1_weight", ones({1, 2})},
                                   {"dense1_bias", ones({1})}}));
  ASSERT_OK(net.LoadParameters(path));
  EXPECT_EQ(net(np::Ones({1, 1})).ToString(), "array([[5.]])");
}

TEST(BlockFilesTest, RepeatsGluonsWordsAboutFilesThatDoNotFit) {
  const std::string folder = TutorialFolder("hybrid_sequential", "v2");
  const std::string path = folder + "/net.params";
  const auto message = [&](const absl::Status& status) {
    return absl::StrReplaceAll(status.message(), {{folder, "FOLDER"}});
  };
  nn::HybridSequential more = Stack<nn::HybridSequential>();
  more.Add(nn::Dense(2));
  absl::Status status = more.LoadParameters(path);
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(message(status), StrEq(TutorialMessage("v2", "load_parameters of a file without dense layer 3")));

  nn::HybridSequential fewer = Stack<nn::HybridSequential>().Slice(0, 2);
  status = fewer.LoadParameters(path);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(message(status), StrEq(TutorialMessage("v2", "load_parameters of a file with one layer too many")));
  ASSERT_OK(fewer.LoadParameters(path, {.ignore_extra = true}));

  nn::HybridSequential other = Stack<nn::HybridSequential>().Slice(0, 2);
  other.Add(nn::Dense(7));
  EXPECT_THAT(message(other.LoadParameters(path)), StrEq(TutorialMessage("v2", "load_parameters with other units")));
  EXPECT_FALSE(other.Get<nn::Dense>(0)->weight().is_initialized());  // nothing is loaded

  EXPECT_THAT(more.LoadParameters(folder + "/none.params"), StatusIs(StatusCode::kNotFound, HasSubstr("none.params")));
  ASSERT_OK(more.LoadParameters(path, {.allow_missing = true}));
}

TEST(BlockFilesTest, ConvertsDTypesWhenAsked) {
  nn::Dense dense(1, {.use_bias = false, .in_units = 2});
  const NamedTensors doubles = {{"weight", Tensor::FromData<double>({1, 2}, {1, 2})}};
  EXPECT_THAT(dense.LoadDict(doubles), StatusIs(StatusCode::kInvalidArgument,
                                                HasSubstr("dtype incompatible expected float32 vs saved float64")));
  ASSERT_OK(dense.LoadDict(doubles, {.cast_dtype = true}));
  EXPECT_EQ(dense.weight().data().dtype(), DType::kFloat32);
  ASSERT_OK(dense.LoadDict(doubles, {.cast_dtype = true, .dtype_source = gluon::DTypeSource::kSaved}));
  EXPECT_EQ(dense.weight().data().dtype(), DType::kFloat64);
}

}  // namespace
}  // namespace baryon

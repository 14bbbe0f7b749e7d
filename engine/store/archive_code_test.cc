#include "engine/store/archive_code.h"

#include <filesystem>

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/preprocess.h"
#include "engine/store/digest.h"
#include "engine/store/testing/store_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ArchiveCodeTest : public StoreTest {
 protected:
  void Write(const std::string& name, const std::string& contents) {
    const std::filesystem::path path = std::filesystem::path(folder()) / name;
    std::filesystem::create_directories(path.parent_path());
    ASSERT_OK(WriteFileAtomically(path.string(), contents));
  }
};

TEST_F(ArchiveCodeTest, TemplatesAreKnownToTheByte) {
  Write("service/handler.py", "print(1)\n");
  Write("synset.txt", "print(2)\n");
  const std::string digest = DigestOfBytes(DigestKind::kSha256, "print(1)\n");
  EXPECT_OK(CheckCode(folder(), {digest}));
  Write("service/handler.py", "print(1) \n");
  EXPECT_THAT(CheckCode(folder(), {digest}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("\"service/handler.py\""), HasSubstr("never run"), HasSubstr("--ignore-code"))));
}

TEST_F(ArchiveCodeTest, TheTableHoldsDigests) {
  EXPECT_EQ(KnownTemplates().size(), 22u);
  for (absl::string_view digest : KnownTemplates()) EXPECT_TRUE(IsDigest(DigestKind::kSha256, digest)) << digest;
}

TEST_F(ArchiveCodeTest, CodeIsNotOnlyPython) {
  for (const char* name : {"a.PY", "b.so", "c.pyc", "d.sh", "e.pkl"}) {
    Write(name, "x");
    EXPECT_THAT(CheckCode(folder()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(name)));
    std::filesystem::remove(folder() + "/" + name);
  }
}

TEST_F(ArchiveCodeTest, TheManifestNamesTheModel) {
  EXPECT_EQ(*ManifestName(folder()), std::nullopt);
  Write("MAR-INF/MANIFEST.json", R"({"runtime": "python", "model": {"modelName": "flowers", "handler": "x:handle"}})");
  EXPECT_EQ(*ManifestName(folder()), "flowers");
  Write("MAR-INF/MANIFEST.json", R"({"model": {"modelName": "../flowers"}})");
  EXPECT_EQ(*ManifestName(folder()), std::nullopt);
  Write("MAR-INF/MANIFEST.json", R"({"model": 3})");
  EXPECT_THAT(ManifestName(folder()), StatusIs(absl::StatusCode::kInvalidArgument));
  Write("MAR-INF/MANIFEST.json", "x");
  EXPECT_THAT(ManifestName(folder()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(ArchiveCodeTest, PicturesAreResizedAsTheSignatureSays) {
  EXPECT_EQ(*SignaturePreprocess(folder()), "");
  Write("signature.json", R"({"inputs": [{"data_name": "data", "data_shape": [0, 3, 224, 160]}],
                              "input_type": "image/jpeg"})");
  ASSERT_OK_AND_ASSIGN(const std::string text, SignaturePreprocess(folder()));
  ASSERT_OK_AND_ASSIGN(const Preprocess preprocess, ParsePreprocess(text));
  EXPECT_EQ(preprocess.input, "data");
  EXPECT_EQ(preprocess.height, 224);
  EXPECT_EQ(preprocess.width, 160);
  EXPECT_EQ(preprocess.filter, kernels::ResizeFilter::kCubic);
  EXPECT_EQ(preprocess.scale, 1);
  EXPECT_TRUE(preprocess.mean.empty());
  Write("signature.json", R"({"input_type": "application/json"})");
  EXPECT_EQ(*SignaturePreprocess(folder()), "");
  Write("signature.json", R"({"input_type": "image/jpeg", "inputs": [{"data_name": "data", "data_shape": [0, 3]}]})");
  EXPECT_THAT(SignaturePreprocess(folder()), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon::store

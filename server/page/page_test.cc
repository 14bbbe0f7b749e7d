#include "server/page/page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace baryon {
namespace {

const PageFile* Find(absl::string_view name) {
  for (const PageFile& file : PageFiles()) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

TEST(PageTest, ServesThePageAtTheRoot) {
  const PageFile* const page = Find("");
  ASSERT_NE(page, nullptr);
  const HttpResponse response = AnswerWith(*page);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(absl::StartsWith(response.body, "<!doctype html>")) << response.body.substr(0, 40);
  EXPECT_TRUE(absl::EndsWith(response.body, "</html>\n"));
}

// The page works where there is no network but the server.
TEST(PageTest, AsksForItsOwnFilesAlone) {
  const std::string html(Find("")->text);
  const std::regex reference("(?:src|href)=\"([^\"]*)\"");
  int found = 0;
  for (std::sregex_iterator it(html.begin(), html.end(), reference), end; it != end; ++it) {
    const std::string target = (*it)[1];
    if (target == "data:,") continue;  // no icon
    ++found;
    EXPECT_NE(Find(target), nullptr) << target;
  }
  EXPECT_EQ(found, static_cast<int>(PageFiles().size()) - 1);
  for (const PageFile& file : PageFiles()) {
    for (const char* foreign : {"http://", "https://", "@import", "url("}) {
      EXPECT_FALSE(absl::StrContains(file.text, foreign)) << file.name << " has " << foreign;
    }
  }
}

// Script and style inside the page would not run under its policy.
TEST(PageTest, KeepsToItsPolicy) {
  const absl::string_view html = Find("")->text;
  for (const char* inlined : {"<style", "style=", " onclick", " onload", "javascript:"}) {
    EXPECT_FALSE(absl::StrContains(html, inlined)) << inlined;
  }
  for (const PageFile& file : PageFiles()) {
    const HttpHeaders headers = AnswerWith(file).headers;
    EXPECT_TRUE(std::any_of(headers.begin(), headers.end(), [](const auto& header) {
      return header.first == "Content-Security-Policy" && absl::StrContains(header.second, "default-src 'none'") &&
             !absl::StrContains(header.second, "unsafe");
    })) << file.name;
  }
}

}  // namespace
}  // namespace baryon

#include "server/page/page.h"

namespace baryon {
namespace {

// Made by the build: constexpr char kPageHtml[], kPageCss[], kPageJs[].
#include "server/page/page_files.inc"

constexpr PageFile kFiles[] = {
    {"", "text/html; charset=utf-8", kPageHtml},
    {"page.css", "text/css; charset=utf-8", kPageCss},
    {"page.js", "text/javascript; charset=utf-8", kPageJs},
};

constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

absl::Span<const PageFile> PageFiles() { return kFiles; }

HttpResponse AnswerWith(const PageFile& file) {
  HttpResponse response;
  response.body = std::string(file.text);
  response.content_type = std::string(file.content_type);
  response.headers = {{"Content-Security-Policy", kPolicy},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-cache"}};  // a new program has a new page
  return response;
}

}  // namespace baryon

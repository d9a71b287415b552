// A page's frame: what is put where, which scripts its policy lets run, and data that stay data.
#include "io/html_frame.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace relatum::io {
namespace {

TEST(HtmlFrame, IsFilledOnceInEachPlace) {
  std::string text;
  const auto put = [&](std::string_view part) { text += part; };
  fill_frame("<a>{{one}}-{{two}} {{", put,
             [&](std::string_view name) { put(name == "one" ? "{{two}}" : "2"); });
  EXPECT_EQ(text, "<a>{{two}}-2 {{");
}

TEST(HtmlFrame, PolicyNamesScriptsByTheirHash) {
  // printf %s "alert('Hello, world.');" | openssl dgst -sha256 -binary | base64
  const std::string_view script = "alert('Hello, world.');";
  EXPECT_TRUE(page_policy({&script, 1})
                  .ends_with("; script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"));
}

TEST(HtmlFrame, DataCannotEndTheirScript) {
  const nlohmann::json data = {{"</script><!--", "<script>&amp;\u2028"}};
  const std::string safe = escape_script(data.dump());
  EXPECT_EQ(safe.find_first_of("<>&"), safe.npos);
  EXPECT_EQ(nlohmann::json::parse(safe), data);
}

}  // namespace
}  // namespace relatum::io

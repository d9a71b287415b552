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

TEST(HtmlFrame, BeginsWithItsPolicy) {
  const std::string_view script = "alert(1)";
  const std::string start = page_start("A &amp; B", "p { margin: 0 }", {&script, 1});
  EXPECT_TRUE(start.starts_with("<!doctype html>\n"));
  EXPECT_TRUE(start.ends_with("<style>\np { margin: 0 }</style>\n</head>\n<body>\n"));
  EXPECT_NE(start.find("<title>A &amp; B</title>"), start.npos);
  EXPECT_NE(start.find("content=\"" + page_policy({&script, 1}) + "\""), start.npos);
}

TEST(HtmlFrame, DataCannotEndTheirScript) {
  const nlohmann::json data = {{"</script><!--", "<script>&amp;\u2028"}};
  const std::string safe = escape_script(data.dump());
  EXPECT_EQ(safe.find_first_of("<>&"), safe.npos);
  EXPECT_EQ(nlohmann::json::parse(safe), data);
}

}  // namespace
}  // namespace relatum::io

// Base64: the standard's own examples, and what is none.
#include "text/base64.h"

#include <gtest/gtest.h>

namespace relatum::text {
namespace {

// RFC 4648, section 10.
TEST(Base64, TheStandardsExamples) {
  const std::string all = "foobar";
  const char* const coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (size_t length = 0; length <= all.size(); ++length) {
    EXPECT_EQ(decode_base64(coded[length]), all.substr(0, length));
  }
  EXPECT_EQ(decode_base64("AAD/+w=="), std::string("\0\0\xff\xfb", 4));
}

TEST(Base64, OtherTextsAreNone) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zm9vYg=", "Zm=v", "=Zm9", "Z=g=", " Zm9",
                           "Zm9v\n   ", "Zm9\n", "Zm9-", "!!!!"}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

}  // namespace
}  // namespace relatum::text

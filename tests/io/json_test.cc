// JSON: limits, places in errors, typed getters, and writing what was read.
#include "io/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::io {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string refusal(std::string_view text) {
  const std::string error = testing::error_of([&] { parse_json(text, "x.json:7"); });
  EXPECT_THAT(error, AnyOf("", HasSubstr("[io.json] x.json:7: ")));
  return error;
}

TEST(Json, DepthIsLimitedWithoutRecursion) {
  const std::string fits = std::string(256, '[') + std::string(256, ']');
  EXPECT_EQ(refusal(fits), "");
  EXPECT_THAT(refusal("[" + fits + "]"), HasSubstr("nested deeper than 256 levels"));
  EXPECT_THAT(refusal(std::string(100000, '[')), HasSubstr("nested deeper than 256 levels"));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += R"({"a":)";
  EXPECT_THAT(refusal(objects), HasSubstr("nested deeper"));
  EXPECT_EQ(refusal("\"" + std::string(1000, '[') + R"(\"[[\\")"), "");
}

TEST(Json, DamageIsNamedWithItsPlace) {
  EXPECT_THAT(refusal(""), HasSubstr("is empty"));
  EXPECT_THAT(refusal(" \n"), HasSubstr("is empty"));
  EXPECT_THAT(refusal("{\"a\":\n oops}"), HasSubstr("at line 2, column 2"));
  EXPECT_THAT(refusal("{\"a\":1"), HasSubstr("unexpected end of input"));
  EXPECT_THAT(refusal("{} {}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("1e999"), HasSubstr("number overflow"));
  EXPECT_THAT(refusal("{\"a\": oops}"), HasSubstr("not valid JSON: at column 7")) << "of one line";
  EXPECT_LT(refusal("\"" + std::string(100000, 'x')).size(), 400u) << "the input is not repeated";
}

TEST(Json, AKeyStandsOnceInAnObject) {
  EXPECT_THAT(refusal(R"({"a":1,"b":{"c":1,"c":2}})"), HasSubstr("key 'c' stands twice"));
  EXPECT_THAT(refusal(R"([{"a":1},{"a":1,"\u0061":1}])"), HasSubstr("key 'a' stands twice"));
  EXPECT_EQ(refusal(R"({"a":{"a":1},"b":[{"a":1},{"a":2}],":":"x:\":y","":{}})"), "");
}

TEST(Json, TextMustBeUnicode) {
  EXPECT_THAT(refusal(R"("\ud800")"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(R"("\udc00")"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(R"("\ud800\u0041")"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("\"\xed\xa0\x80\""), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("\"\xff\""), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("\"\xc0\x80\""), HasSubstr("UTF-8"));
  EXPECT_EQ(parse_json(R"("\ud83d\ude00")", "x").get<std::string>(), "\xf0\x9f\x98\x80");
  EXPECT_EQ(parse_json(R"("a\u0000b")", "x").get<std::string>(), std::string("a\0b", 3));
  EXPECT_EQ(parse_json("\xef\xbb\xbf[1]", "x")[0], 1);
}

TEST(Json, GettersTakeTheRightTypes) {
  const auto object = parse_json(
      R"({"s":"t","i":5,"f":2.5,"w":3.0,"b":true,"n":null,"a":["x","y"],"l":[1,2],"o":{}})", "f");
  EXPECT_EQ(require_string(object, "s", "f"), "t");
  EXPECT_EQ(require_int(object, "i", "f"), 5);
  EXPECT_EQ(require_int(object, "w", "f"), 3);
  EXPECT_EQ(require_double(object, "i", "f"), 5.0);
  EXPECT_EQ(require_double(object, "f", "f"), 2.5);
  EXPECT_TRUE(require_bool(object, "b", "f"));
  EXPECT_THAT(require_strings(object, "a", "f"), ElementsAre("x", "y"));
  EXPECT_THAT(require_ints(object, "l", "f"), ElementsAre(1, 2));
  EXPECT_TRUE(require_object(object, "o", "f").empty());
  EXPECT_EQ(get_int(object, "n", 9, "f"), 9);
  EXPECT_EQ(get_string(object, "none", "d", "f"), "d");
  EXPECT_EQ(get_double(object, "f", 0, "f"), 2.5);
  EXPECT_FALSE(get_bool(object, "none", false, "f"));
  EXPECT_EQ(find(object, "n"), nullptr);
  EXPECT_NE(find(object, "s"), nullptr);
}

TEST(Json, GettersNameKeyAndPlace) {
  const auto object = parse_json(R"({"s":"t","f":2.5,"u":18446744073709551615,"m":[1,"x"]})", "f");
  EXPECT_THAT([&] { require_int(object, "s", "c.json"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("c.json: key 's': expected an integer"),
                                         HasSubstr("got a string"))));
  EXPECT_THAT([&] { require_int(object, "f", "c"); }, ThrowsMessage<Error>(HasSubstr("'f'")));
  EXPECT_THAT([&] { require_int(object, "u", "c"); }, ThrowsMessage<Error>(HasSubstr("64 bits")));
  EXPECT_THAT([&] { require_int(parse_json(R"({"n":1e30})", "f"), "n", "c"); },
              ThrowsMessage<Error>(HasSubstr("expected an integer of 64 bits, got 1e+30")));
  EXPECT_THAT([&] { require_ints(object, "m", "c"); }, ThrowsMessage<Error>(HasSubstr("'m'")));
  EXPECT_THAT([&] { get_bool(object, "f", true, "c"); }, ThrowsMessage<Error>(HasSubstr("'f'")));
  EXPECT_THAT([&] { require(object, "absent", "c"); },
              ThrowsMessage<Error>(HasSubstr("key 'absent' is missing")));
  EXPECT_THAT([&] { require_string(parse_json("[]", "c"), "k", "c"); },
              ThrowsMessage<Error>(HasSubstr("expected an object with key 'k', got an array")));
}

TEST(Json, WritingRoundTrips) {
  for (const double value : {0.1, 1.0 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 1e22, -0.0}) {
    EXPECT_EQ(parse_json(dump_json(value), "x").get<double>(), value);
  }
  EXPECT_EQ(dump_json(0.1), "0.1");
  EXPECT_EQ(dump_json(std::nan("")), "null");
  EXPECT_EQ(dump_json("a\xff"), "\"a\xef\xbf\xbd\"");
  EXPECT_EQ(dump_json("\x01\n\"é"), R"("\u0001\n\"é")");
}

TEST(Json, FilesAreNamed) {
  testing::TemporaryFolder folder;
  write_file(folder / "c.json", R"({"a":[1]})");
  EXPECT_EQ(load_json(folder / "c.json")["a"][0], 1);
  write_file(folder / "empty.json", "");
  EXPECT_THAT([&] { load_json(folder / "empty.json"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("empty.json"), HasSubstr("got nothing"))));
}

}  // namespace
}  // namespace relatum::io

// GGUF: what is written is read back; every kind of damage gets its sentence.
#include "io/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "io/samples.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::io {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RawGguf;
using ::testing::ThrowsMessage;

class Gguf : public ::testing::Test {
 protected:
  std::string refusal(const std::string& content) {
    write_file(folder_ / "x.gguf", content);
    return refusal();
  }
  std::string refusal() {
    const std::string error = testing::error_of([&] { GgufFile::open(folder_ / "x.gguf"); });
    EXPECT_THAT(error, AnyOf("", AllOf(HasSubstr("[io.gguf] "), HasSubstr("x.gguf"))));
    return error;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Gguf, GivesBackEveryKindOfValue) {
  const auto file = GgufFile::open(testing::sample_gguf(folder_ / "x.gguf"));
  EXPECT_EQ(file.version(), 3u);
  EXPECT_EQ(file.get_string("general.architecture"), "llama");
  EXPECT_EQ(file.get_int("llama.block_count"), 2);
  EXPECT_EQ(file.get_int("test.negative"), -3);
  EXPECT_EQ(file.get_double("test.negative"), -3.0);
  EXPECT_EQ(file.get_double("llama.rope.freq_base"), 10000.5);
  EXPECT_TRUE(file.get_bool("test.flag"));
  EXPECT_THAT(file.get_strings("tokenizer.ggml.tokens"), ElementsAre("<s>", "", "é"));
  EXPECT_THAT(file.get_ints("tokenizer.ggml.token_type"), ElementsAre(1, -2, 3));
  EXPECT_THAT(file.get_doubles("tokenizer.ggml.scores"), ElementsAre(0.5, -1.5));
  EXPECT_EQ(file.get_int("absent", 7), 7);
  EXPECT_EQ(file.get_string("absent", "x"), "x");
  EXPECT_EQ(file.metadata().front().key, "general.architecture");
}

TEST_F(Gguf, AnEmptyArrayHasAKnownTypeToo) {
  constexpr uint32_t kArray = 9, kUnknown = 1000;
  RawGguf file(0, 1);
  file.string("general.name").u32(kArray).u32(kUnknown).u64(0);
  EXPECT_THAT(refusal(file.text()), HasSubstr("unknown type 1000"));
}

TEST_F(Gguf, WhatComesNearestToAMissingNameIsTold) {
  const auto file = GgufFile::open(testing::sample_gguf(folder_ / "x.gguf"));
  EXPECT_THAT([&] { file.tensor("absent"); }, ThrowsMessage<Error>(HasSubstr("'a' comes nearest")));
  EXPECT_THAT([&] { file.get_int("mistral.block_count"); },
              ThrowsMessage<Error>(HasSubstr("'llama.block_count' comes nearest")));
}

TEST_F(Gguf, TensorsLieAlignedWithTheirBytes) {
  const auto file = GgufFile::open(testing::sample_gguf(folder_ / "x.gguf"));
  ASSERT_EQ(file.tensors().size(), 2u);
  const GgufTensor& b = file.tensor("b");
  EXPECT_EQ(b.offset % 32, 0u);
  EXPECT_EQ(b.type, 2);
  EXPECT_THAT(b.shape, ElementsAre(32, 8));
  EXPECT_EQ(b.bytes.size(), 8u * 18u);
  EXPECT_EQ(b.bytes[0], std::byte(0x11));
  EXPECT_EQ(file.find_tensor("c"), nullptr);
  EXPECT_THAT([&] { file.tensor("c"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("tensor 'c'"), HasSubstr("x.gguf"))));
}

TEST_F(Gguf, ValuesCanBeCopiedToAnotherFile) {
  const auto file = GgufFile::open(testing::sample_gguf(folder_ / "x.gguf"));
  testing::GgufWriter writer;
  for (const auto& [key, value] : file.metadata()) writer.set(std::string(key), value);
  for (const auto& t : file.tensors()) writer.add_tensor(t.name, t.type, t.shape, t.bytes);
  writer.write(folder_ / "y.gguf");
  EXPECT_EQ(read_file(folder_ / "x.gguf"), read_file(folder_ / "y.gguf"));
}

TEST_F(Gguf, AnotherAlignmentIsHeeded) {
  const std::string data(64, 'x');
  testing::GgufWriter writer;
  writer.set_u32("general.alignment", 256);
  writer.add_tensor("a", 24, {64}, testing::bytes_of(data));
  writer.add_tensor("b", 24, {64}, testing::bytes_of(data));
  writer.write(folder_ / "x.gguf");
  const auto file = GgufFile::open(folder_ / "x.gguf");
  EXPECT_EQ(file.tensor("b").offset, file.tensor("a").offset + 256);
  EXPECT_EQ(file.tensor("b").bytes.back(), std::byte('x'));
}

TEST_F(Gguf, WrongTypesNameKeyAndFile) {
  const auto file = GgufFile::open(testing::sample_gguf(folder_ / "x.gguf"));
  EXPECT_THAT(
      [&] { file.get_int("general.architecture"); },
      ThrowsMessage<Error>(AllOf(HasSubstr("key 'general.architecture'"), HasSubstr("x.gguf"),
                                 HasSubstr("an integer"), HasSubstr("got string"))));
  EXPECT_THAT([&] { file.get_int("test.large"); }, ThrowsMessage<Error>(HasSubstr("below 2^63")));
  EXPECT_THAT([&] { file.get_string("test.flag"); }, ThrowsMessage<Error>(HasSubstr("got bool")));
  EXPECT_THAT([&] { file.get_strings("tokenizer.ggml.scores"); },
              ThrowsMessage<Error>(HasSubstr("got an array of f32")));
  EXPECT_THAT([&] { file.get_ints("tokenizer.ggml.scores"); },
              ThrowsMessage<Error>(HasSubstr("an array of integers")));
  EXPECT_THAT([&] { file.get_int("absent"); },
              ThrowsMessage<Error>(HasSubstr("key 'absent' is missing")));
}

TEST_F(Gguf, NeitherEmptyNorForeignFilesPass) {
  EXPECT_THAT(refusal(""), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal("PK\x03\x04 something else"), HasSubstr("expected a GGUF file"));
  EXPECT_THAT(refusal(RawGguf(0, 0, 1).text()), HasSubstr("version 2 or 3, got 1"));
  EXPECT_THAT(refusal(RawGguf(0, 0, 0x03000000).text()), HasSubstr("big-endian"));
  EXPECT_EQ(refusal(RawGguf(0, 0, 2).text()), "");
}

TEST_F(Gguf, EveryCutIsNoticed) {
  const auto path = testing::sample_gguf(folder_ / "x.gguf");
  const GgufTensor last = GgufFile::open(path).tensor("b");
  const size_t end = last.offset + last.bytes.size();
  std::filesystem::resize_file(path, end);
  EXPECT_EQ(refusal(), "") << "padding behind the last tensor is no loss";
  std::filesystem::resize_file(path, end - 1);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("tensor 'b'"),
                               HasSubstr("expected 144 bytes, the file ends after 143"),
                               HasSubstr("The download may be cut: compare its size.")));
  for (size_t size = end - 1; size-- > 0;) {
    std::filesystem::resize_file(path, size);
    ASSERT_NE(refusal(), "") << size;
  }
}

TEST_F(Gguf, HugeCountsAreRefusedBeforeAnythingIsReserved) {
  const uint64_t huge = uint64_t{1} << 60;
  EXPECT_THAT(refusal(RawGguf(huge, 0).text()), HasSubstr("1,152,921,504,606,846,976 tensors"));
  EXPECT_THAT(refusal(RawGguf(0, huge).text()), HasSubstr("1,152,921,504,606,846,976 keys"));
  EXPECT_THAT(refusal(RawGguf(0, UINT64_MAX).text()), HasSubstr("keys"));
  EXPECT_THAT(refusal(RawGguf(0, 1).u64(huge).u64(0).text()), HasSubstr("the file ends after"));
  EXPECT_THAT(refusal(RawGguf(0, 1).string("k").u32(8).u64(huge).text()), HasSubstr("for key 'k'"));
  for (uint32_t element : {0u, 4u, 8u, 9u, 10u}) {
    EXPECT_THAT(refusal(RawGguf(0, 1).string("k").u32(9).u32(element).u64(huge).u64(0).text()),
                HasSubstr("values of key 'k'"));
  }
}

TEST_F(Gguf, DamagedKeysAreNamed) {
  EXPECT_THAT(refusal(RawGguf(0, 1).string("k").u32(13).u64(0).text()),
              HasSubstr("key 'k' has a value of unknown type 13"));
  RawGguf nested(0, 1);
  nested.string("k").u32(9);
  for (int i = 0; i < 100; ++i) nested.u32(9).u64(1);
  EXPECT_THAT(refusal(nested.text()), HasSubstr("nests arrays deeper than"));
  EXPECT_THAT(refusal(RawGguf(0, 2).string("k").u32(4).u32(1).string("k").u32(4).u32(1).text()),
              HasSubstr("key 'k' occurs twice"));
  for (uint32_t alignment : {0u, 3u, 1u << 30}) {
    EXPECT_THAT(refusal(RawGguf(0, 1).string("general.alignment").u32(4).u32(alignment).text()),
                HasSubstr("expected a power of two"));
  }
  EXPECT_THAT(refusal(RawGguf(0, 1).string("bad\n\x1b[31m\xff").u32(99).u64(0).text()),
              HasSubstr("key 'bad\\n\\x1b[31m\\xff'"));
}

TEST_F(Gguf, DamagedTensorsAreNamed) {
  const auto one = [](std::vector<uint64_t> shape, uint32_t type, uint64_t offset) {
    return RawGguf(1, 0).tensor("t", shape, type, offset).data(1024).text();
  };
  EXPECT_EQ(refusal(one({32, 8}, 0, 0)), "");
  EXPECT_THAT(refusal(one({32, 9}, 0, 0)), HasSubstr("expected 1,152 bytes"));
  EXPECT_THAT(refusal(one({32, 8}, 0, 32)), HasSubstr("the file ends after 992"));
  EXPECT_THAT(refusal(one({32, 8}, 0, 1 << 20)), HasSubstr("the file ends after 0"));
  EXPECT_THAT(refusal(one({32, 8}, 0, UINT64_MAX - 31)), HasSubstr("the file ends after 0"));
  EXPECT_THAT(refusal(one({32, 7}, 0, 8)), HasSubstr("no multiple of the alignment"));
  EXPECT_THAT(refusal(one({33, 1}, 2, 0)), HasSubstr("rows of 33 values don't fit Q4_0"));
  EXPECT_THAT(refusal(one({640, 2}, 12, 0)),
              HasSubstr("rows of 640 values don't fit Q4_K, whose blocks have 256"));
  EXPECT_THAT(refusal(one({16, 2}, 2, 0)), HasSubstr("rows of 16 values don't fit Q4_0"));
  EXPECT_THAT(refusal(one({32}, 4, 0)), HasSubstr("type number 4 is unknown"));
  EXPECT_THAT(refusal(one({0}, 0, 0)), HasSubstr("impossible length (0)"));
  EXPECT_THAT(refusal(one({UINT64_MAX}, 0, 0)), HasSubstr("impossible length (-1)"));
  EXPECT_THAT(refusal(one({1ull << 32, 1ull << 32}, 0, 0)), HasSubstr("impossible length"));
  EXPECT_NE(refusal(one({1ull << 31, 1ull << 31}, 0, 0)), "");
  EXPECT_THAT(refusal(one({}, 0, 0)), HasSubstr("expected 1 to 4 dimensions, got 0"));
  EXPECT_THAT(refusal(one({1, 1, 1, 1, 1}, 0, 0)), HasSubstr("dimensions, got 5"));
}

TEST_F(Gguf, TensorsNeitherRepeatNorOverlap) {
  EXPECT_THAT(refusal(RawGguf(2, 0).tensor("t", {8}, 0, 0).tensor("t", {8}, 0, 32).data(64).text()),
              HasSubstr("tensor 't' of"));
  EXPECT_THAT(refusal(RawGguf(2, 0).tensor("s", {9}, 0, 0).tensor("t", {8}, 0, 32).data(64).text()),
              HasSubstr("overlaps tensor 's'"));
}

TEST_F(Gguf, IsRecognisedByItsFirstBytes) {
  EXPECT_TRUE(GgufFile::recognise(testing::sample_gguf(folder_ / "x.gguf")));
  write_file(folder_ / "short", "GG");
  EXPECT_FALSE(GgufFile::recognise(folder_ / "short"));
  EXPECT_FALSE(GgufFile::recognise(folder_ / "absent"));
  EXPECT_FALSE(GgufFile::recognise(folder_.path()));
}

TEST_F(Gguf, TheWriterRefusesWrongSizes) {
  testing::GgufWriter writer;
  const std::string data(18, 'x');
  EXPECT_THAT([&] { writer.add_tensor("t", 2, {33}, testing::bytes_of(data)); },
              ThrowsMessage<Error>(HasSubstr("tensor 't'")));
  EXPECT_THAT([&] { writer.add_tensor("t", 2, {64}, testing::bytes_of(data)); },
              ThrowsMessage<Error>(HasSubstr("18 bytes of Q4_0")));
}

}  // namespace
}  // namespace relatum::io

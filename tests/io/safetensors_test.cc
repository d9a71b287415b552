// Safetensors: layout as the reference library's, and every kind of damage.
#include "io/safetensors.h"

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
using ::testing::ThrowsMessage;

class SafetensorsFile : public ::testing::Test {
 protected:
  std::string refusal_of_bytes(const std::string& content) {
    write_file(folder_ / "x.safetensors", content);
    return refusal_of_file();
  }
  std::string refusal_of_file() {
    const std::string error = testing::error_of(
        [&] { Safetensors::open(folder_ / "x.safetensors"); });
    EXPECT_THAT(error, AnyOf("", HasSubstr("x.safetensors")));
    return error;
  }
  std::string refusal(const std::string& header, size_t data_bytes) {
    const uint64_t length = header.size();
    return refusal_of_bytes(std::string(reinterpret_cast<const char*>(&length), 8) + header +
                            std::string(data_bytes, 'x'));
  }
  testing::TemporaryFolder folder_;
};

TEST_F(SafetensorsFile, GivesBackWhatWasWritten) {
  const auto file = Safetensors::open(testing::sample_safetensors(folder_ / "x.safetensors"));
  EXPECT_EQ(file.metadata().at("format"), "pt");
  const SafetensorsTensor& z = file.tensor("z");
  EXPECT_EQ(z.dtype, "F32");
  EXPECT_THAT(z.shape, ElementsAre(3, 2));
  EXPECT_EQ(z.bytes.size(), 24u);
  float value = 0;
  std::memcpy(&value, z.bytes.data(), sizeof value);
  EXPECT_EQ(value, 1.5f);
  EXPECT_EQ(file.find("absent"), nullptr);
  EXPECT_THAT([&] { file.tensor("absent"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("'absent'"), HasSubstr("x.safetensors"))));
}

TEST_F(SafetensorsFile, IsLaidOutAsTheReferenceDoes) {
  // The bytes that Python's safetensors 0.8.0 writes for the same tensors.
  const std::string header = R"({"__metadata__":{"format":"pt"},)"
                             R"("b":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},)"
                             R"("z":{"dtype":"F32","shape":[3,2],"data_offsets":[24,48]},)"
                             R"("half":{"dtype":"F16","shape":[5],"data_offsets":[48,58]}})";
  const std::string file = read_file(testing::sample_safetensors(folder_ / "x.safetensors"));
  const size_t padded = (header.size() + 7) / 8 * 8;
  EXPECT_EQ(uint8_t(file[0]), padded);
  EXPECT_EQ(file.substr(8, header.size()), header);
  EXPECT_EQ(file.substr(8 + header.size(), padded - header.size()),
            std::string(padded - header.size(), ' '));
  EXPECT_EQ(file.size(), 8 + padded + 58);
}

TEST_F(SafetensorsFile, EveryCutIsNoticed) {
  const auto path = testing::sample_safetensors(folder_ / "x.safetensors");
  const size_t whole = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, whole - 1);
  EXPECT_THAT(refusal_of_file(),
              AllOf(HasSubstr("tensor 'half'"), HasSubstr("The file may be cut")));
  for (size_t size = whole - 1; size-- > 0;) {
    std::filesystem::resize_file(path, size);
    ASSERT_NE(refusal_of_file(), "") << size;
  }
  EXPECT_THAT(refusal_of_file(), HasSubstr("got 0 bytes"));
}

TEST_F(SafetensorsFile, HeaderLengthIsChecked) {
  EXPECT_THAT(refusal_of_bytes(std::string("\x00\x00\x00\x00\x00\x00\x00\x10{}", 10)),
              HasSubstr("1,152,921,504,606,846,976 bytes is longer"));
  EXPECT_THAT(refusal_of_bytes(std::string("\x09\x00\x00\x00\x00\x00\x00\x00{}", 10)),
              HasSubstr("expected a header of 9 bytes, the file ends after 2"));
  EXPECT_THAT(refusal("[]", 0), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal("{", 0), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(std::string(100000, '['), 0), HasSubstr("nested deeper than"));
  EXPECT_EQ(refusal("{}", 0), "");
}

TEST_F(SafetensorsFile, TensorsThatDisagreeAreNamed) {
  const auto one =
      [&](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return refusal(R"({"t":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
                       offsets + "}}",
                   16);
  };
  EXPECT_EQ(one("F32", "[4]", "[0,16]"), "");
  EXPECT_EQ(one("F32", "[2,2]", "[0,16]"), "");
  EXPECT_THAT(one("F32", "[5]", "[0,16]"), HasSubstr("ask for 20 bytes, data_offsets span 16"));
  EXPECT_THAT(one("F32", "[5]", "[0,20]"), HasSubstr("the data end after 16"));
  EXPECT_THAT(one("F32", "[1]", "[1152921504606846976,1152921504606846980]"),
              HasSubstr("the data end after 16"));
  EXPECT_THAT(one("F32", "[4]", "[16,0]"), HasSubstr("two rising data_offsets"));
  EXPECT_THAT(one("F32", "[4]", "[0]"), HasSubstr("two rising data_offsets"));
  EXPECT_THAT(one("F32", "[4]", "[-16,0]"), HasSubstr("two rising data_offsets"));
  EXPECT_THAT(one("F32", "[-4]", "[0,16]"), HasSubstr("impossible length (-4)"));
  EXPECT_THAT(one("F32", "[4294967296,4294967296,4294967296]", "[0,16]"),
              HasSubstr("impossible length"));
  EXPECT_THAT(one("Q7", "[4]", "[0,16]"), HasSubstr("dtype 'Q7' is unknown"));
  EXPECT_THAT(one("F32", "\"4\"", "[0,16]"), HasSubstr("key 'shape': expected an array"));
  EXPECT_THAT(one("F32", "[3]", "[0,12]"), HasSubstr("end after 12 bytes of 16"));
  EXPECT_THAT(one("F32", "[3]", "[4,16]"), HasSubstr("with a hole after"));
  EXPECT_THAT(refusal(R"({"t":5})", 0), HasSubstr("expected an object"));
}

TEST_F(SafetensorsFile, TensorsNeverOverlap) {
  EXPECT_THAT(refusal(R"({"s":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                      R"("t":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                      6),
              HasSubstr("tensor 't' of"));
}

class SafetensorsFolder : public SafetensorsFile {
 protected:
  void write_shard(const std::string& file, const std::string& tensor) {
    const std::string bytes(4, 'x');
    write_safetensors(folder_ / file, {{tensor, "F32", {1}, testing::bytes_of(bytes)}});
  }
  std::string open() {
    return testing::error_of(
        [&] { tensors_ = Safetensors::open_folder(folder_.path()).tensors().size(); });
  }
  void write_index(const std::string& map) {
    write_file(folder_ / "model.safetensors.index.json", R"({"weight_map":)" + map + "}");
  }
  size_t tensors_ = 0;
};

TEST_F(SafetensorsFolder, OneFileOrShards) {
  EXPECT_THAT(open(), HasSubstr("model.safetensors"));
  write_shard("1.safetensors", "a");
  write_shard("2.safetensors", "b");
  write_index(R"({"a":"1.safetensors","b":"2.safetensors"})");
  EXPECT_EQ(open(), "");
  EXPECT_EQ(tensors_, 2u);
  write_shard("model.safetensors", "a");
  EXPECT_EQ(open(), "");
  EXPECT_EQ(tensors_, 1u);
}

TEST_F(SafetensorsFolder, DamagedListingsAreNamed) {
  write_shard("1.safetensors", "a");
  write_shard("2.safetensors", "a");
  write_index(R"({"a":"1.safetensors","b":"1.safetensors"})");
  EXPECT_THAT(open(), HasSubstr("lists tensor 'b', which 1.safetensors lacks"));
  write_index(R"({"a":"1.safetensors","b":"2.safetensors"})");
  EXPECT_THAT(open(), HasSubstr("is in an earlier shard, too"));
  write_index(R"({"a":"../1.safetensors"})");
  EXPECT_THAT(open(), HasSubstr("'../1.safetensors' is no file name"));
  write_index(R"({"a":5})");
  EXPECT_THAT(open(), HasSubstr("names no file"));
  write_index("[]");
  EXPECT_THAT(open(), HasSubstr("key 'weight_map'"));
  write_index(R"({"a":"3.safetensors"})");
  EXPECT_THAT(open(), HasSubstr("3.safetensors: No such file"));
}

}  // namespace
}  // namespace relatum::io

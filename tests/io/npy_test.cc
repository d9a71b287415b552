// .npy: NumPy's bytes, and files that claim what they don't hold.
#include "io/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/samples.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::io {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

std::string npy(const std::string& header, const std::string& values, char version = 1) {
  std::string text = std::string("\x93NUMPY") + version + '\0';
  text += char(header.size());
  text.append(version == 1 ? 1 : 3, '\0');
  return text + header + values;
}

class Npy : public ::testing::Test {
 protected:
  std::string refusal(const std::string& content) {
    write_file(folder_ / "x.npy", content);
    const std::string error = testing::error_of([&] { read_npy(folder_ / "x.npy"); });
    EXPECT_THAT(error, AnyOf("", AllOf(HasSubstr("[io.npy] "), HasSubstr("x.npy"))));
    return error;
  }
  testing::TemporaryFolder folder_;
  const std::string four_ = std::string(16, '\0');
};

TEST_F(Npy, GivesBackWhatWasWritten) {
  const float values[] = {1, 2, -9, 3, 4, -9};
  testing::write_npy_file(folder_ / "x.npy", {values, 2, 2, 3});
  const auto read = read_npy(folder_ / "x.npy");
  ASSERT_EQ(read.rows(), 2);
  ASSERT_EQ(read.cols(), 2);
  EXPECT_EQ(read.row(1)[0], 3);
  EXPECT_EQ(read.row(1)[1], 4);
}

TEST_F(Npy, WritesNumpysBytes) {
  const float values[] = {1};
  testing::write_npy_file(folder_ / "x.npy", {values, 1, 1});
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }";
  const std::string padded = header + std::string(118 - header.size() - 1, ' ') + "\n";
  EXPECT_EQ(read_file(folder_ / "x.npy"), npy(padded, std::string("\0\0\x80\x3f", 4)));
}

TEST_F(Npy, VectorsAndVersionTwoAreRead) {
  EXPECT_EQ(refusal(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", four_)), "");
  EXPECT_EQ(refusal(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", four_, 2)),
            "");
}

TEST_F(Npy, EverythingElseIsRefused) {
  const auto with =
      [&](const std::string& type, const std::string& order, const std::string& shape) {
    return refusal(
        npy("{'descr': " + type + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }",
            four_));
  };
  EXPECT_EQ(with("'<f4'", "False", "(1, 4)"), "");
  EXPECT_THAT(with("'<f8'", "False", "(1, 2)"), HasSubstr("expected float32"));
  EXPECT_THAT(with("'>f4'", "False", "(1, 4)"), HasSubstr("expected float32"));
  EXPECT_THAT(with("'<f4'", "True", "(1, 4)"), HasSubstr("C order"));
  EXPECT_THAT(with("'<f4'", "False", "(1, 2, 2)"), HasSubstr("one or two dimensions"));
  EXPECT_THAT(with("'<f4'", "False", "()"), HasSubstr("one or two dimensions"));
  EXPECT_THAT(with("'<f4'", "False", "(-1, 4)"), HasSubstr("one or two dimensions"));
  EXPECT_THAT(with("'<f4'", "False", "(1, 5)"), HasSubstr("disagree"));
  EXPECT_THAT(with("'<f4'", "False", "(4294967296, 4294967296)"), HasSubstr("disagree"));
  EXPECT_THAT(with("'<f4'", "False", "(1152921504606846976, 4)"), HasSubstr("disagree"));
  EXPECT_THAT(refusal(npy("{}", four_)), HasSubstr("expected float32"));
  EXPECT_THAT(refusal(npy("{}", four_, 3)), HasSubstr("version 1 or 2, got 3"));
  EXPECT_THAT(refusal(""), HasSubstr("other first bytes"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\x01\x00\xff\xff{}", 12)),
              HasSubstr("expected a header of 65535 bytes"));
}

}  // namespace
}  // namespace relatum::io

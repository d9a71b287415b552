// Models cut into several GGUF files: opened by the first, refused where one does not fit.
#include "io/gguf_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "support/error_of.h"
#include "support/gguf_parts.h"
#include "support/temporary.h"

namespace relatum::io {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST(GgufPartName, IsThatOfLlamaGgufSplit) {
  const auto name = gguf_part_name("a/big-Q8_0-00002-of-00010.gguf");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->model, "big-Q8_0");
  EXPECT_EQ(name->number, 2);
  EXPECT_EQ(name->count, 10);
  EXPECT_EQ(gguf_part_path("a/big-Q8_0-00002-of-00010.gguf", 1),
            fs::path("a/big-Q8_0-00001-of-00010.gguf"));
  for (const char* other :
       {"big.gguf", "big-00002-of-00010.bin", "-00001-of-00002.gguf", "big-0001-of-0002.gguf",
        "big-00000-of-00002.gguf", "big-00003-of-00002.gguf", "big-+0001-of-00002.gguf",
        "big-00001_of_00002.gguf"}) {
    EXPECT_FALSE(gguf_part_name(other)) << other;
  }
}

class GgufParts : public ::testing::Test {
 protected:
  using Change = std::function<void(int64_t, testing::GgufWriter&)>;
  void expect_refused(const Change& change, const std::string& file, const std::string& word) {
    const fs::path first = testing::write_parts(folder_.path(), 3, change);
    EXPECT_THAT(testing::error_of([&] { GgufFile::open(first); }),
                AllOf(HasSubstr(file), HasSubstr(word)));
  }
  fs::path part(int64_t number) const {
    return gguf_part_path(folder_ / "big-00001-of-00003.gguf", number);
  }
  testing::TemporaryFolder folder_;
};

TEST_F(GgufParts, HaveTheTensorsOfTheWhole) {
  const auto whole = GgufFile::open(testing::fixture("llama/tiny.gguf"));
  const auto parted = GgufFile::open(testing::write_parts(folder_.path(), 3));
  ASSERT_EQ(parted.tensors().size(), whole.tensors().size());
  for (const GgufTensor& tensor : whole.tensors()) {
    const GgufTensor& other = parted.tensor(tensor.name);
    EXPECT_EQ(other.shape, tensor.shape);
    EXPECT_TRUE(std::ranges::equal(other.bytes, tensor.bytes)) << tensor.name;
  }
  EXPECT_EQ(parted.get_string("general.architecture"), "llama");
  EXPECT_EQ(parted.files(), (std::vector<fs::path>{part(1), part(2), part(3)}));
  EXPECT_EQ(whole.files(), std::vector<fs::path>{whole.path()});
}

TEST_F(GgufParts, AFirstPartMayHoldNoTensor) {
  const auto whole = GgufFile::open(testing::fixture("llama/tiny.gguf"));
  testing::GgufWriter first, second;
  for (testing::GgufWriter* writer : {&first, &second}) {
    writer->set_u32("split.no", writer == &second);
    writer->set_u32("split.count", 2);
  }
  const GgufTensor& tensor = whole.tensors().front();
  second.add_tensor(tensor.name, tensor.type, tensor.shape, tensor.bytes);
  first.write(folder_ / "x-00001-of-00002.gguf");
  second.write(folder_ / "x-00002-of-00002.gguf");
  EXPECT_EQ(GgufFile::open(folder_ / "x-00001-of-00002.gguf").tensors().size(), 1u);
}

TEST_F(GgufParts, AnyButTheFirstIsRefused) {
  testing::write_parts(folder_.path(), 3);
  EXPECT_THAT(testing::error_of([&] { GgufFile::open(part(2)); }),
              AllOf(HasSubstr("it is part 2 of 3"), HasSubstr("Name the first part, "
                                                              "big-00001-of-00003.gguf")));
}

TEST_F(GgufParts, ThatAreMissingOrDoNotFitAreNamed) {
  const fs::path first = testing::write_parts(folder_.path(), 3);
  fs::remove(part(2));
  EXPECT_THAT(testing::error_of([&] { GgufFile::open(first); }),
              AllOf(HasSubstr("big-00002-of-00003.gguf"), HasSubstr("part 2 of 3 is missing")));
  expect_refused(
      [](int64_t number, auto& w) {
    if (number == 3) w.set_u32("split.no", 1);
      },
      "big-00003-of-00003.gguf", "it says that it is part 2 of 3");
  expect_refused(
      [](int64_t number, auto& w) {
    if (number == 2) w.set_u32("split.count", 4);
      },
      "big-00002-of-00003.gguf", "has 4 parts");
  expect_refused(
      [](int64_t number, auto& w) {
    if (number == 1) w.set_u32("split.count", 4);
      },
      "big-00001-of-00003.gguf", "part 1 of 4");
  expect_refused(
      [](int64_t number, auto& w) {
    if (number == 1) w.set_i32("split.tensors.count", 999);
      },
      "big-00001-of-00003.gguf", "999 tensors by its split.tensors.count");
  // Numbers at the ends of their type are a part's no less than others.
  expect_refused(
      [](int64_t number, auto& w) {
    if (number == 2) w.set_u64("split.no", uint64_t(std::numeric_limits<int64_t>::max()));
      },
      "big-00002-of-00003.gguf", "it says that it is part 9223372036854775807 of 3");
  expect_refused(
      [](int64_t number, auto& w) {
    if (number == 2) w.set_i32("split.no", -1);
      },
      "big-00002-of-00003.gguf", "it says that it is part -1 of 3");
  const auto whole = GgufFile::open(testing::fixture("llama/tiny.gguf"));
  const GgufTensor& again = whole.tensors().front();
  expect_refused(
      [&](int64_t number, auto& w) {
    if (number == 3) w.add_tensor(again.name, again.type, again.shape, again.bytes);
      },
      "big-00003-of-00003.gguf", "stands in an earlier part");
}

TEST_F(GgufParts, AnotherNameHidesWhichPartItIs) {
  fs::rename(testing::write_parts(folder_.path(), 3), folder_ / "model.gguf");
  EXPECT_THAT(testing::error_of([&] { GgufFile::open(folder_ / "model.gguf"); }),
              AllOf(HasSubstr("model.gguf"), HasSubstr("one of 3 parts"),
                    HasSubstr("NAME-00001-of-00003.gguf")));
}

}  // namespace
}  // namespace relatum::io

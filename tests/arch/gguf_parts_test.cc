// A model in several GGUF files computes what the whole one does, by its first part or its folder.
#include <gtest/gtest.h>

#include "arch/changed_model.h"
#include "support/gguf_parts.h"

namespace relatum::testing {
namespace {

TEST(PartedModel, IsTheWholeOne) {
  const TemporaryFolder folder;
  const fs::path first = write_parts(folder.path(), 3);
  const auto whole = results_of(fixture("llama/tiny.gguf"));
  expect_equal(results_of(first), whole);
  expect_equal(results_of(folder.path()), whole);
  const auto files = arch::ModelFiles::open(folder.path());
  EXPECT_EQ(files.weight_files().size(), 3u);
  const std::string before = arch::weights_hash(files);
  fs::remove_all(first);
  write_parts(folder.path(), 3, [](int64_t number, GgufWriter& writer) {
    if (number == 3) writer.set_string("general.name", "another");
  });
  EXPECT_NE(arch::weights_hash(arch::ModelFiles::open(folder.path())), before);
}

}  // namespace
}  // namespace relatum::testing

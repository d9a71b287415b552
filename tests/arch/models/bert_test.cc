// What is refused of BERT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/gguf_writer.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

TEST(BertGguf, IsRefused) {
  const TemporaryFolder folder;
  GgufWriter writer;
  writer.set_string("general.architecture", "bert");
  writer.write(folder / "model.gguf");
  EXPECT_THAT(error_of([&] { load(folder / "model.gguf"); }),
              ::testing::HasSubstr("a BERT in GGUF form is not read"));
}

}  // namespace
}  // namespace relatum::testing

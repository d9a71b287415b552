// The name that comes nearest: endings first, then parts, then letters.
#include "io/dotted_name.h"

#include <gtest/gtest.h>

namespace relatum::io {
namespace {

TEST(NearestName, EndingsCountMost) {
  EXPECT_EQ(nearest_dotted_name("model.norm.weight", {"model.embed.bias", "student.norm.weight"}),
            "student.norm.weight");
  EXPECT_EQ(nearest_dotted_name("bert.embeddings.LayerNorm.weight",
                                {"embeddings.word.weight", "embeddings.LayerNorm.gamma"}),
            "embeddings.LayerNorm.gamma");
}

TEST(NearestName, ThenPartsAndLetters) {
  EXPECT_EQ(
      nearest_dotted_name("blk.0.attn_q.weight", {"blk.0.ffn_up.weight", "blk.0.attn_qkv.weight",
                                                  "blk.1.attn_qkv.weight"}),
      "blk.0.attn_qkv.weight");
  EXPECT_EQ(nearest_dotted_name("x", {}), "");
}

TEST(NearestName, TheSentenceSaysWhatIsThere) {
  EXPECT_EQ(nearest_sentence("a.b", {}, "tensors"), "It holds no tensors.");
  EXPECT_EQ(nearest_sentence("a.b", {"c.b", "d"}, "tensors"),
            "Of its 2 tensors 'c.b' comes nearest.");
}

}  // namespace
}  // namespace relatum::io

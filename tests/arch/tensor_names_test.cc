// Names without wrappers' parts.
#include "arch/tensor_names.h"

#include <gtest/gtest.h>

namespace relatum::arch {
namespace {

TEST(PlainName, LosesWrappersAndOldEndings) {
  EXPECT_EQ(plain_name("model.norm.weight"), "norm.weight");
  EXPECT_EQ(plain_name("norm.weight"), "norm.weight");
  EXPECT_EQ(plain_name("lm_head.weight"), "lm_head.weight");
  EXPECT_EQ(plain_name("base_model.model.model.layers.0.mlp.up_proj.weight"),
            "layers.0.mlp.up_proj.weight");
  EXPECT_EQ(plain_name("_orig_mod.model.layers.0._orig_mod.mlp._orig_mod.up_proj.weight"),
            "layers.0.mlp.up_proj.weight");
  EXPECT_EQ(plain_name("0.auto_model.bert.embeddings.LayerNorm.gamma"),
            "embeddings.LayerNorm.weight");
  EXPECT_EQ(plain_name("module.module.embeddings.LayerNorm.beta"), "embeddings.LayerNorm.bias");
  EXPECT_EQ(plain_name("model"), "model");
  EXPECT_EQ(plain_name(""), "");
}

}  // namespace
}  // namespace relatum::arch

// Styles whose examples do not show their relation differ from their twins in that alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"
#include "task/prompt.h"

namespace relatum::task {
namespace {

using ::testing::HasSubstr;

TEST(BareStyles, LackTheExamplesRelation) {
  const Labels labels({"located_in(e1,e2)", "made_of"});
  const Example query = testing::example("q", "Ada saw the bridge in Porto.", "bridge", "Porto");
  const Example near = testing::example("n", "The mill is of stone.", "mill", "stone", "made_of");
  const Example unlabelled = testing::example("u", "The mill is of stone.", "mill", "stone");
  struct Twins {
    const char *bare, *full, *relation;
  };
  for (const auto& [bare_name, full_name, relation] :
       {Twins{"roles-nolist-bare", "roles-nolist", ": made of"},
        Twins{"rag4re-bare", "rag4re", "Relation of the example: made_of\n"}}) {
    SCOPED_TRACE(bare_name);
    const PromptRenderer bare(load_style(bare_name), labels), full(load_style(full_name), labels);
    const std::vector<const Example*> nearest = {&near};
    std::string expected = full.render(query, nearest).prompt;
    ASSERT_THAT(expected, HasSubstr(relation));
    expected.erase(expected.find(relation), std::string(relation).size());
    EXPECT_EQ(bare.render(query, nearest).prompt, expected);
    EXPECT_EQ(bare.render(query).prompt, full.render(query).prompt);
    EXPECT_EQ(bare.answers(), full.answers());
    const std::vector<const Example*> without = {&unlabelled};  // none is needed
    EXPECT_EQ(bare.render(query, without).prompt, expected);
  }
}

}  // namespace
}  // namespace relatum::task

// The example documents are read, and have nothing that their schema does not allow.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "graph/schema.h"
#include "task/load.h"

namespace relatum::graph {
namespace {

const std::string kFolder = std::string(RELATUM_EXAMPLES) + "/documents/";

TEST(ExampleDocuments, KeepToTheirSchema) {
  const Schema schema = Schema::load(kFolder + "schema.toml");
  EXPECT_EQ(schema.entities().size(), 9u);
  EXPECT_EQ(schema.relations().size(), 12u);
  std::set<std::string> ids;
  int64_t across = 0;
  for (const std::string part : {"train", "dev", "test"}) {
    const std::string spec = "jsonl:" + kFolder + part + ".jsonl";
    const task::Dataset data = task::read_documents(task::parse_spec(spec), {},
                                                    [&](task::Document&& document) {
      EXPECT_TRUE(ids.insert(document.id).second) << document.id;
      for (const task::Entity& each : document.entities) {
        EXPECT_TRUE(schema.allows_type(each.span.type)) << document.id << " " << each.id;
      }
      for (const task::Relation& each : document.relations) {
        const std::string head = task::find_entity(document, each.head)->span.type;
        const std::string tail = task::find_entity(document, each.tail)->span.type;
        EXPECT_TRUE(schema.allows(each.label, head, tail)) << document.id << " " << each.label;
        across += each.evidence.size() == 2;
      }
    });
    EXPECT_TRUE(data.warnings.empty()) << data.warnings[0];
  }
  EXPECT_EQ(ids.size(), 40u);
  EXPECT_GT(across, 50);
}

}  // namespace
}  // namespace relatum::graph

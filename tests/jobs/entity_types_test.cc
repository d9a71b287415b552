// Looking for entities of some of a run's types.
#include <algorithm>
#include <set>

#include "entity_desk.h"
#include "jobs/graph.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Not;

class EntityTypes : public EntityDesk {
 protected:
  // The types that are found where every span is taken for an entity.
  std::set<std::string> types_found(const std::vector<std::string>& asked) {
    jobs::ExtractOptions options = ask_run();
    options.entity_threshold = 0.0;
    options.entity_types = asked;
    std::set<std::string> types;
    for (const json& row : answers(options)) {
      for (const json& each : row.at("entities")) types.insert(each.at("type"));
    }
    return types;
  }
  std::string refusal(const std::vector<std::string>& asked) {
    jobs::ExtractOptions options = ask_run();
    options.entity_types = asked;
    return error_of([&] { jobs::extract(options, host_); });
  }
  // Every span of the notes is taken for an entity.
  jobs::GraphOptions graph_of_notes() {
    jobs::GraphOptions graph = graph_of_texts();
    graph.asking.entity_threshold = 0.0;
    return graph;
  }
  void SetUp() override {
    EntityDesk::SetUp();
    jobs::FinetuneOptions options = teach_entities("llama/tied");
    options.training.epochs = 1;
    jobs::finetune(options, host_);
  }
};

TEST_F(EntityTypes, OthersAreNotLookedFor) {
  EXPECT_THAT(types_found({"city"}), ElementsAre("city"));
  EXPECT_THAT(types_found({"company"}), ElementsAre("company"));
  const auto two = types_found({"person", "city", "person"});
  EXPECT_FALSE(two.contains("company"));
  EXPECT_EQ(types_found({"person", "company", "city"}), types_found({}));
  jobs::ExtractOptions file = ask_run("found.jsonl");
  file.entity_types = {"city"};
  EXPECT_TRUE(jobs::extract(file, host_).finished);
  EXPECT_EQ(json::parse(read("found.jsonl.run.json")).at("entity_types"), json({"city"}));
}

TEST_F(EntityTypes, AnUnknownOneIsRefusedBeforeAnythingIsRead) {
  EXPECT_THAT(refusal({"city", "persn"}),
              AllOf(HasSubstr("--entity-types: "), HasSubstr("finds no type 'persn'."),
                    HasSubstr("Did you mean 'person'?"), HasSubstr("'person', 'company', 'city'")));
  jobs::GraphOptions graph = graph_of_notes();
  graph.asking.entity_types = {"town"};
  EXPECT_THAT(error_of([&] { jobs::graph(graph, host_); }), HasSubstr("finds no type 'town'"));
  graph.entities = "";
  graph.gazetteer = write("names.csv", "name,type\nAna,person\n");
  jobs::graph(graph, host_);
  EXPECT_THAT(warnings_, Contains(HasSubstr("--entity-threshold and --entity-types have no effect "
                                            "without a run that finds entities")));
}

// The types that a schema names are those that a graph's run is asked for.
TEST_F(EntityTypes, AGraphAsksForThoseOfItsSchema) {
  jobs::GraphOptions graph = graph_of_notes();
  graph.asking.entity_types = {"city"};
  const auto cities = mentions(graph);
  EXPECT_THAT(cities, AllOf(Not(IsEmpty()), Each(EndsWith(" city"))));
  graph.asking.entity_types.clear();
  graph.schema = write("schema.toml", "[entities]\ncity = \"A town.\"\nriver = \"A water.\"\n");
  EXPECT_EQ(mentions(graph), cities);
  graph.out = path("g.jsonl");
  EXPECT_TRUE(jobs::graph(graph, host_).finished);
  EXPECT_EQ(json::parse(read("g.jsonl.run.json")).at("entity_types"), json({"city"}));
  graph.out = "";
  EXPECT_THAT(lines_, Contains(AllOf(HasSubstr("the schema lacks"),
                                     HasSubstr("no entity has them: 'company', 'person'"))));
  // One that has no type of the run, whose entities are no part of the graph then.
  graph.schema = write("schema.toml", "[entities]\nriver = \"A water.\"\n");
  EXPECT_THAT(mentions(graph), ElementsAre());
  EXPECT_THAT(warnings_, Contains(HasSubstr("the schema has none of the types that")));
}

}  // namespace
}  // namespace relatum::testing

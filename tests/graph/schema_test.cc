// schema.toml: what is read, what is written back, and each refusal with its line.
#include "graph/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr const char* kExample = R"([entities]
PERSON = "A human being who has a name."
ORG = "A firm, an authority or a club."
PLACE = "A place on a map."

[relations.works_for]
description = "The head is employed by the tail."
head = "PERSON"
tail = "ORG"
inverse = "employs"
max_per_head = 2

[relations.employs]

[relations.married_to]
types = [["PERSON", "PERSON"]]
symmetric = true
functional = true

[relations.lies_in]
head = ["ORG", "PLACE"]
tail = "PLACE"
acyclic = true
)";

TEST(GraphSchema, ReadsTypesAndRelations) {
  const Schema schema = Schema::parse(kExample, "schema.toml");
  EXPECT_EQ(schema.entities().size(), 3);
  EXPECT_EQ(schema.entities().at("PLACE"), "A place on a map.");
  std::vector<std::string> names;
  for (const RelationType& relation : schema.relations()) names.push_back(relation.name);
  EXPECT_THAT(names, ElementsAre("works_for", "employs", "married_to", "lies_in"));
  EXPECT_EQ(schema.find("works_for")->max_per_head, 2);
  EXPECT_EQ(schema.find("works_for")->description, "The head is employed by the tail.");
  EXPECT_EQ(schema.find("married_to")->max_per_head, 1);
  EXPECT_TRUE(schema.find("married_to")->symmetric);
  EXPECT_TRUE(schema.find("lies_in")->acyclic);
  EXPECT_EQ(schema.find("owns"), nullptr);
  EXPECT_TRUE(schema.allows("lies_in", "ORG", "PLACE"));
  EXPECT_FALSE(schema.allows("lies_in", "PLACE", "ORG"));
  EXPECT_FALSE(schema.allows("owns", "PERSON", "ORG"));
  EXPECT_TRUE(schema.allows_type("ORG"));
  EXPECT_FALSE(schema.allows_type("DOG"));
}

TEST(GraphSchema, GivesAnInverseWhatWasSaidOfTheOther) {
  const Schema schema = Schema::parse(kExample, "schema.toml");
  EXPECT_EQ(schema.find("employs")->inverse, "works_for");
  EXPECT_THAT(*schema.find("employs")->types, ElementsAre(Pair("ORG", "PERSON")));
  EXPECT_EQ(schema.find("employs")->max_per_head, std::nullopt);
}

TEST(GraphSchema, WithoutRelationsOrTypesAllowsAnyOfThem) {
  EXPECT_TRUE(Schema().empty());
  EXPECT_TRUE(Schema().allows("owns", "", "DOG"));
  const Schema types = Schema::parse("[entities]\nDOG = \"It barks.\"\n", "s.toml");
  EXPECT_TRUE(types.allows("bites", "DOG", "DOG"));
  EXPECT_FALSE(types.allows("bites", "DOG", "PERSON"));
  const Schema relations = Schema::parse("[relations.bites]\n", "s.toml");
  EXPECT_TRUE(relations.allows("bites", "DOG", ""));
  EXPECT_FALSE(relations.allows("owns", "DOG", ""));
}

TEST(GraphSchema, IsWrittenBackByteForByte) {
  const testing::TemporaryFolder folder;
  const std::string odd = std::string("\xef\xbb\xbf# mine\r\n") + kExample + "# end";
  write_file(folder.path() / "in.toml", odd);
  Schema::load(folder.path() / "in.toml").save(folder.path() / "out.toml");
  EXPECT_EQ(read_file(folder.path() / "out.toml"), odd);
}

struct Refusal {
  std::string text, place, said;
};

TEST(GraphSchema, RefusesByLine) {
  const std::string types = "[entities]\nA = \"a\"\nB = \"b\"\n";  // three lines
  const std::vector<Refusal> refusals = {
      {"", "s.toml:", "names no entity type and no relation"},
      {"x = = 1\n", "s.toml:1:", "Correct that line"},
      {"[entitys]\n", "s.toml:1:", "Did you mean 'entities'?"},
      {"entities = 3\n", "s.toml:1:", "write [entities]"},
      {"[entities]\nA = 3\n", "s.toml:2:", "a sentence that describes it"},
      {"[entities]\n\" A\" = \"a\"\n", "s.toml:2:", "Write 'A'"},
      {"[entities]\n\"\" = \"a\"\n", "s.toml:2:", "without a name"},
      {"[relations]\nr = 1\n", "s.toml:2:", "write [relations.r]"},
      {types + "[relations.r]\nhaed = \"A\"\n", "s.toml:5:", "Did you mean 'head'?"},
      {types + "[relations.r]\nhead = \"C\"\n", "s.toml:5:", "'C' is no entity type"},
      {types + "[relations.r]\nhead = []\n", "s.toml:5:", "allows no type at all"},
      {types + "[relations.r]\ntypes = []\n", "s.toml:5:", "must be a list of pairs"},
      {types + "[relations.r]\ntypes = [[\"A\"]]\n", "s.toml:5:", "is a pair"},
      {types + "[relations.r]\nhead = \"A\"\ntypes = [[\"A\", \"B\"]]\n",
       "s.toml:6:", "Keep one way"},
      {types + "[relations.r]\nsymmetric = \"yes\"\n", "s.toml:5:", "without quotes"},
      {types + "[relations.r]\nmax_per_head = 0\n", "s.toml:5:", "1 or more"},
      {types + "[relations.r]\nfunctional = true\nmax_per_head = 2\n",
       "s.toml:6:", "Keep one of them"},
      {types + "[relations.r]\nsymmetric = true\nacyclic = true\n",
       "s.toml:4:", "cannot be acyclic"},
      {types + "[relations.r]\nsymmetric = true\nhead = \"A\"\ntail = \"B\"\n",
       "s.toml:4:", "A to B is allowed and B to A is not"},
      {types + "[relations.r]\ninverse = \"r\"\n", "s.toml:5:", "symmetric = true"},
      {types + "[relations.r]\ninverse = \"s\"\n", "s.toml:5:", "no relation of this schema"},
      {types + "[relations.r]\nsymmetric = true\ninverse = \"s\"\n[relations.s]\n",
       "s.toml:6:", "its own inverse"},
      {types + "[relations.r]\ninverse = \"s\"\n[relations.s]\nsymmetric = true\n",
       "s.toml:5:", "its own inverse and not that of 'r'"},
      {types + "[relations.r]\ninverse = \"s\"\n[relations.s]\ninverse = \"t\"\n[relations.t]\n",
       "s.toml:5:", "A relation has one inverse"},
      {types + "[relations.r]\ninverse = \"s\"\nhead = \"A\"\n[relations.s]\nhead = \"A\"\n",
       "s.toml:5:", "turned round"},
  };
  for (const Refusal& each : refusals) {
    const std::string said = testing::error_of([&] { Schema::parse(each.text, "s.toml"); });
    EXPECT_THAT(said, StartsWith("[graph.schema] " + each.place)) << each.text;
    EXPECT_THAT(said, HasSubstr(each.said)) << each.text;
  }
}

TEST(GraphSchema, RefusesAKeyOfAThousandParts) {
  std::string key = "a";
  for (int i = 0; i < 1000; ++i) key += ".a";
  EXPECT_THAT(testing::error_of([&] { Schema::parse(key + " = 1\n", "s.toml"); }),
              HasSubstr("a key of more than 100 parts"));
}

}  // namespace
}  // namespace relatum::graph

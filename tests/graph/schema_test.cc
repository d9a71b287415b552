// schema.toml: what is read, what is written back, and each refusal with its line.
#include "graph/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "support/error_of.h"
#include "support/sample_graph.h"
#include "support/temporary.h"

namespace relatum::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::sample_schema;
using ::testing::StartsWith;

constexpr const char *kPlace = "PLACE/höhe `x`", *kNear = "lies in, or <near>";

TEST(GraphSchema, ReadsTypesAndRelations) {
  const Schema schema = Schema::parse(sample_schema(), "schema.toml");
  EXPECT_EQ(schema.entities().size(), 3);
  EXPECT_EQ(schema.entities().at(kPlace), "Somewhere.");
  std::vector<std::string> names;
  for (const RelationType& relation : schema.relations()) names.push_back(relation.name);
  EXPECT_THAT(names, ElementsAre("works_for", "employs", "married_to", kNear));
  EXPECT_EQ(schema.find("works_for")->max_per_head, 2);
  EXPECT_EQ(schema.find("works_for")->description, "The head is employed by the tail.");
  EXPECT_EQ(schema.find("married_to")->max_per_head, 1);
  EXPECT_TRUE(schema.find("married_to")->symmetric);
  EXPECT_TRUE(schema.find(kNear)->acyclic);
  EXPECT_EQ(schema.find("owns"), nullptr);
  EXPECT_TRUE(schema.allows(kNear, "ORG", kPlace));
  EXPECT_FALSE(schema.allows(kNear, kPlace, "ORG"));
  EXPECT_FALSE(schema.allows("owns", "PERSON", "ORG"));
  EXPECT_TRUE(schema.allows_type("ORG"));
  EXPECT_FALSE(schema.allows_type("DOG"));
}

TEST(GraphSchema, NamesTypesOfItsRelationsThatAreMissing) {
  const Schema schema = Schema::parse(
      "[entities]\nCAT = \"c\"\nDOG = \"d\"\nMAN = \"m\"\nTREE = \"t\"\n[relations.near]\n"
      "[relations.bites]\ntypes = [[\"DOG\", \"MAN\"], [\"CAT\", \"MAN\"]]\n"
      "[relations.sees]\ntail = \"TREE\"\n",
      "s.toml");
  EXPECT_THAT(schema.missing_types({"CAT", "TREE"}), ElementsAre("DOG", "MAN"));
  EXPECT_THAT(schema.missing_types({"cat"}), ElementsAre("CAT", "DOG", "MAN", "TREE"));
  EXPECT_THAT(schema.missing_types({"CAT", "DOG", "MAN", "TREE", "x"}), ElementsAre());
  const Schema one = Schema::parse("[entities]\nDOG = \"d\"\n[relations.bites]\nhead = \"DOG\"\n",
                                   "s.toml");
  EXPECT_THAT(one.missing_types({"dog"}), ElementsAre("DOG"));
}

TEST(GraphSchema, GivesAnInverseWhatWasSaidOfTheOther) {
  const Schema schema = Schema::parse(sample_schema(), "schema.toml");
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
  const std::string odd = std::string("\xef\xbb\xbf# mine\r\n") + sample_schema() + "# end";
  write_file(folder.path() / "in.toml", odd);
  Schema::load(folder.path() / "in.toml").save(folder.path() / "out.toml");
  EXPECT_EQ(read_file(folder.path() / "out.toml"), odd);
}

struct Refusal {
  std::string text, place, said;
};

TEST(GraphSchema, RefusesByLine) {
  // Settings of relation r begin in line 5, and those of s behind them.
  const auto of = [](const std::string& settings) {
    return "[entities]\nA = \"a\"\nB = \"b\"\n[relations.r]\n" + settings + "\n";
  };
  const std::vector<Refusal> refusals = {
      {"", "s.toml:", "names no entity type and no relation"},
      {"x = = 1\n", "s.toml:1:", "Correct that line"},
      {"[entitys]\n", "s.toml:1:", "Did you mean 'entities'?"},
      {"entities = 3\n", "s.toml:1:", "write [entities]"},
      {"[entities]\nA = 3\n", "s.toml:2:", "a sentence that describes it"},
      {"[entities]\n\" A\" = \"a\"\n", "s.toml:2:", "Write 'A'"},
      {"[entities]\n\"\" = \"a\"\n", "s.toml:2:", "without a name"},
      {"[relations]\nr = 1\n", "s.toml:2:", "write [relations.r]"},
      {of("haed = \"A\""), "s.toml:5:", "Did you mean 'head'?"},
      {of("head = \"C\""), "s.toml:5:", "'C' is no entity type"},
      {of("head = []"), "s.toml:5:", "allows no type at all"},
      {of("types = []"), "s.toml:5:", "must be a list of pairs"},
      {of("types = [[\"A\"]]"), "s.toml:5:", "is a pair"},
      {of("head = \"A\"\ntypes = [[\"A\", \"B\"]]"), "s.toml:6:", "Keep one way"},
      {of("symmetric = \"yes\""), "s.toml:5:", "without quotes"},
      {of("max_per_head = 0"), "s.toml:5:", "1 or more"},
      {of("functional = true\nmax_per_head = 2"), "s.toml:6:", "Keep one of them"},
      {of("symmetric = true\nacyclic = true"), "s.toml:4:", "cannot be acyclic"},
      {of("symmetric = true\nhead = \"A\"\ntail = \"B\""),
       "s.toml:4:", "A to B is allowed and B to A is not"},
      {of("inverse = \"r\""), "s.toml:5:", "symmetric = true"},
      {of("inverse = \"s\""), "s.toml:5:", "no relation of this schema"},
      {of("symmetric = true\ninverse = \"s\"\n[relations.s]"), "s.toml:6:", "its own inverse"},
      {of("inverse = \"s\"\n[relations.s]\nsymmetric = true"),
       "s.toml:5:", "its own inverse and not that of 'r'"},
      {of("inverse = \"s\"\n[relations.s]\ninverse = \"t\"\n[relations.t]"),
       "s.toml:5:", "A relation has one inverse"},
      {of("inverse = \"s\"\nhead = \"A\"\n[relations.s]\nhead = \"A\""),
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

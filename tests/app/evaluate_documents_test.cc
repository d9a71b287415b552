// What evaluate says of entities and relations found in documents, through the program.
#include "app/workbench.h"

namespace relatum::testing {
namespace {

class EvaluateDocuments : public Workbench {
 protected:
  static json entity(const std::string& id, int start, int end, const std::string& type) {
    return {{"id", id}, {"start", start}, {"end", end}, {"type", type}};
  }
  static json relation(const std::string& head, const std::string& tail, const std::string& label) {
    return {{"head", head}, {"tail", tail}, {"label", label}};
  }
  /// Two documents of "Ada runs Pell. Bo and Cy are partners."
  static std::vector<json> rows(bool texts) {
    std::vector<json> made;
    for (const std::string id : {"1", "2"}) {
      json row = {{"id", id},
                  {"entities",
                   {entity("a", 0, 3, "PERSON"), entity("p", 9, 13, "ORG"),
                    entity("b", 15, 17, "PERSON"), entity("c", 22, 24, "PERSON")}},
                  {"relations", {relation("a", "p", "runs"), relation("b", "c", "partner")}}};
      if (texts) row["text"] = "Ada runs Pell. Bo and Cy are partners.";
      made.push_back(row);
    }
    return made;
  }
  std::string gold() const { return write_rows("gold.jsonl", rows(true)); }
  Arguments evaluate(const std::vector<json>& found, const Arguments& more = {}) const {
    return Arguments{"evaluate",
                     "--task",
                     "joint",
                     "--data",
                     gold(),
                     "--predictions",
                     write_rows("found.jsonl", found)} +
           more;
  }
};

TEST_F(EvaluateDocuments, PrintsTheFiguresOfTheInterface) {
  auto found = rows(false);
  found[0]["entities"][1]["type"] = "PLACE";
  found[1]["relations"][1] = relation("c", "b", "partner");
  const json told = json::parse(done(evaluate(found, {"--json"})).out);
  EXPECT_EQ(told["documents"], 2);
  EXPECT_EQ(told["official"]["name"], "relations_strict");
  EXPECT_DOUBLE_EQ(told["entities"]["strict"]["f1"], 7.0 / 8);
  EXPECT_DOUBLE_EQ(told["entities"]["boundaries"]["f1"], 1);
  EXPECT_DOUBLE_EQ(told["relations"]["strict"]["f1"], 2.0 / 4);
  EXPECT_DOUBLE_EQ(told["relations"]["boundaries"]["f1"], 3.0 / 4);
  EXPECT_EQ(told["relations"]["errors"]["direction"], 1);
  EXPECT_EQ(told["relations"]["errors"]["end_type"], 1);
  EXPECT_EQ(told["interval"]["documents"], 2);
  EXPECT_EQ(told["entities"]["per_type"]["PLACE"]["support"], 0);
  const std::string text = done(evaluate(found)).out;
  EXPECT_THAT(text, HasSubstr("relations, strict F1  50.00"));
  EXPECT_THAT(text, HasSubstr("the wrong way round"));
}

TEST_F(EvaluateDocuments, ASchemaSaysWhichRelationsHaveNoDirection) {
  auto found = rows(false);
  for (json& row : found) row["relations"][1] = relation("c", "b", "partner");
  const std::string schema = write("schema.toml",
                                   "[relations.runs]\n[relations.partner]\nsymmetric = true\n");
  const Arguments given = {"--json", "--schema", schema};
  const json told = json::parse(done(evaluate(found, given)).out);
  EXPECT_EQ(told["relations"]["strict"]["f1"], 1);
  EXPECT_EQ(told["relations"]["symmetric"], json({"partner"}));
  EXPECT_EQ(json::parse(done(evaluate(found, {"--json"})).out)["relations"]["strict"]["f1"], 0.5);
  write("schema.toml", "[relations.runs]\n[relations.partners]\nsymmetric = true\n");
  EXPECT_THAT(done(evaluate(found, given)).err, HasSubstr("has no relation 'partner'"));
}

TEST_F(EvaluateDocuments, RelationsOfTheNegativeLabelAreNone) {
  const Outcome outcome = done(evaluate(rows(false), {"--json", "--negative", "partner"}));
  EXPECT_EQ(json::parse(outcome.out)["relations"]["gold"], 2);
  EXPECT_THAT(outcome.err,
              HasSubstr("'partner', which means none, are not counted: 2 of the data"));
  Arguments of_data = evaluate(rows(false), {"--json"});
  of_data[4] += "?negative=runs";
  EXPECT_FALSE(json::parse(done(of_data).out)["relations"]["per_label"].contains("runs"));
  of_data[2] = "entities";
  EXPECT_THAT(done(of_data + Arguments{"--negative", "x"}).err,
              HasSubstr("--negative has no effect without --task relations or joint"));
}

TEST_F(EvaluateDocuments, EntitiesCanBeScoredAlone) {
  auto found = rows(false);
  for (json& row : found) row.erase("relations");
  Arguments arguments = evaluate(found, {"--json"});
  refused(arguments, {"found.jsonl:1", "\"relations\"", "--task entities"});
  arguments[2] = "entities";
  const json told = json::parse(done(arguments).out);
  EXPECT_EQ(told["official"]["name"], "entities_strict");
  EXPECT_EQ(told["official"]["f1"], 1);
  EXPECT_FALSE(told.contains("relations"));
  const std::string schema = write("schema.toml", "[relations.runs]\n");
  EXPECT_THAT(done(arguments + Arguments{"--schema", schema}).err, HasSubstr("--schema has no"));
}

TEST_F(EvaluateDocuments, AreHintedAtWhereNoTaskIsNamed) {
  auto bare = rows(true);
  for (json& row : bare) row["relations"] = json::array();  // no pair to be read
  const std::string found = write_rows("found.jsonl", rows(false));
  for (const std::string& data : {gold(), write_rows("bare.jsonl", bare)}) {
    refused({"evaluate", "--data", data, "--predictions", found},
            {"found.jsonl:1", "--task joint", "--task entities"});
  }
}

TEST_F(EvaluateDocuments, IdsAreJoinedAsForPairs) {
  const auto all = rows(false);
  refused(evaluate({all[0]}), {"1 of 2 documents has no prediction: '2'", "--missing wrong"});
  const json told = json::parse(done(evaluate({all[0]}, {"--missing", "wrong", "--json"})).out);
  EXPECT_EQ(told["missing"], 1);
  EXPECT_EQ(told["official"]["recall"], 0.5);
  EXPECT_EQ(told["official"]["precision"], 1);
  refused(evaluate({all[0], all[0], all[1]}), {"'1'", "more than once"});
  auto extra = all;
  extra.push_back(all[0]);
  extra[2]["id"] = "7";
  refused(evaluate(extra), {"'7'", "lacks"});
}

TEST_F(EvaluateDocuments, WhatIsOfPairsIsToldOrRefused) {
  const auto found = rows(false);
  refused(evaluate(found, {"--report", path("r.html")}), {"--report", "--task joint"});
  EXPECT_THAT(done(evaluate(found, {"--official", "macro"})).err,
              HasSubstr("--official has no effect without --task relations"));
  EXPECT_THAT(done(evaluate(found, {"--sentences", "5", "--embedder", "e", "--index", "i"})).err,
              HasSubstr("--index, --sentences and --embedder have no effect without --task"));
  refused({"evaluate", "--task", "joint", "--data", path("rows.jsonl"), "--predictions",
           write_rows("found.jsonl", found)},
          {"is a pair of entities", "without --task"});
  refused({"evaluate", "--task", "joint", "--data", gold(), "--predictions", gold()},
          {"both --data and --predictions"});
  auto outside = found;
  outside[1]["entities"][3]["end"] = 99;
  refused(evaluate(outside), {"found.jsonl:2", "'2'", "from 22 to 99"});
  Arguments unknown = evaluate(found);
  unknown[2] = "pairs";
  EXPECT_EQ(run_program(unknown).status, 2);
  const std::string schema = write("schema.toml", "[relations.runs]\n");
  EXPECT_THAT(done({"evaluate", "--data", path("rows.jsonl"), "--predictions",
                    write("p.tsv", "1\tpart-of\n"), "--missing", "wrong", "--schema", schema})
                  .err,
              HasSubstr("--schema has no effect without --task joint"));
}

}  // namespace
}  // namespace relatum::testing

// Which texts are suggested, against what extraction says of the same rows.
#include "jobs/suggest.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "desk.h"
#include "jobs/extract.h"
#include "task/load.h"
#include "task/uncertainty.h"

namespace relatum::testing {
namespace {

using Ids = std::vector<std::string>;

class SuggestJob : public Desk {
 protected:
  jobs::SuggestOptions options(int64_t count, const std::string& out = "s.jsonl") const {
    jobs::SuggestOptions options;
    static_cast<jobs::ExtractOptions&>(options) = ask(out);
    options.data.labels = write("labels.json", json(kLabels).dump());
    options.count = count;
    options.overwrite = true;
    options.similar = 1;
    return options;
  }
  std::vector<json> suggested(const jobs::SuggestOptions& options) {
    EXPECT_TRUE(jobs::suggest(options, host_));
    return json_lines(read_file(options.out));
  }
  Ids ids(const jobs::SuggestOptions& options) {
    Ids all;
    for (const json& each : suggested(options)) all.push_back(each["id"]);
    return all;
  }
  /// The probabilities that extraction gives, in the order of kLabels, by the row's id.
  std::map<std::string, std::vector<double>> extracted(const std::string& rows) {
    jobs::ExtractOptions asked = ask("e.jsonl");
    asked.input = path(rows);
    asked.data.labels = write("labels.json", json(kLabels).dump());
    asked.scores = asked.overwrite = true;
    EXPECT_TRUE(jobs::extract(asked, host_).finished);
    std::map<std::string, std::vector<double>> all;
    for (const json& row : read_rows("e.jsonl")) {
      for (const std::string& label : kLabels) {
        all[row["id"]].push_back(row["scores"][label].get<double>());
      }
    }
    return all;
  }
  std::string told() const {
    std::string all;
    for (const std::string& line : lines_) all += line + "\n";
    for (const std::string& line : warnings_) all += line + "\n";
    return all;
  }
};

TEST_F(SuggestJob, TheMostUncertainComeFirstAndTheCertainLast) {
  const auto scores = extracted("rows.jsonl");
  for (const char* name : {"margin", "entropy", "least"}) {
    SCOPED_TRACE(name);
    const task::Uncertainty by = task::parse_uncertainty(name);
    Ids expected;
    for (const json& row : corpus()) expected.push_back(row["id"]);
    std::ranges::stable_sort(expected, [&](const std::string& a, const std::string& b) {
      return task::uncertainty(scores.at(a), by) > task::uncertainty(scores.at(b), by);
    });
    jobs::SuggestOptions all = options(10);
    all.by = name;
    EXPECT_EQ(ids(all), expected);
    all.count = 3;
    expected.resize(3);
    EXPECT_EQ(ids(all), expected);
  }
}

TEST_F(SuggestJob, ARowHasWhatExtractionSays) {
  const auto scores = extracted("rows.jsonl");
  for (const json& row : suggested(options(10))) {
    const auto& probabilities = scores.at(row["id"]);
    const json& pair = row["pairs"][0];
    for (size_t i = 0; i < kLabels.size(); ++i) {
      EXPECT_EQ(pair["probabilities"][kLabels[i]], probabilities[i]);
    }
    const auto best = std::ranges::max_element(probabilities) - probabilities.begin();
    EXPECT_EQ(row["relations"][0]["label"], kLabels[size_t(best)]);
    EXPECT_EQ(row["value"], task::uncertainty(probabilities, task::Uncertainty::kMargin));
    EXPECT_EQ(row["pair"], true);
  }
}

TEST_F(SuggestJob, TheOrderOfTheDataDoesNotChangeTheSet) {
  auto rows = corpus();
  const Ids before = ids(options(4));
  std::ranges::reverse(rows);
  write_rows("rows.jsonl", rows);
  const Ids after = ids(options(4));
  EXPECT_EQ(std::set(after.begin(), after.end()), std::set(before.begin(), before.end()));
}

TEST_F(SuggestJob, LabelsOfTheDataAreNotLookedAt) {
  const Ids before = ids(options(10));
  EXPECT_THAT(told(),
              HasSubstr("10 of 10 documents or pairs have labels, which are not looked at."));
  auto rows = corpus();
  for (json& row : rows) row.erase("label");
  write_rows("rows.jsonl", rows);
  lines_.clear();
  EXPECT_EQ(ids(options(10)), before);
  EXPECT_THAT(told(), ::testing::Not(HasSubstr("not looked at")));
}

TEST_F(SuggestJob, NearRepeatsArePassedOverWhileOthersAreLeft) {
  write_rows("rows.jsonl", many(30));  // each sentence three times, with another number
  jobs::SuggestOptions of_words = options(10);
  of_words.similar = 0.5;  // the number alone differs, in sentences of four words and more
  std::set<std::string> texts;
  for (const json& row : suggested(of_words)) {
    const std::string text = row["text"];
    texts.insert(text.substr(0, text.find(" (")));
  }
  EXPECT_EQ(texts.size(), 10u);
  EXPECT_THAT(told(), HasSubstr("share more than 0.5 of their words"));
  of_words.count = 12;
  EXPECT_EQ(suggested(of_words).size(), 12u);
  EXPECT_THAT(told(), HasSubstr("2 texts are like another one, as no others were left."));
  of_words.similar = 1;
  of_words.count = 30;
  EXPECT_EQ(suggested(of_words).size(), 30u);
  of_words.similar.reset();
  suggested(of_words);
  EXPECT_THAT(told(), HasSubstr("share more than 0.7 of their words"));
}

TEST_F(SuggestJob, AnEmbedderComparesByVectors) {
  write_rows("rows.jsonl", many(20));
  jobs::SuggestOptions by_vectors = options(20);
  by_vectors.embedder = kEmbedder;
  by_vectors.similar = -1;  // everything is alike
  suggested(by_vectors);
  EXPECT_THAT(told(), HasSubstr("texts are alike above a cosine of -1 by bert"));
  EXPECT_THAT(told(), HasSubstr("19 texts are like another one"));
}

// Rounded, a vector's cosine with itself may be above 1.
TEST_F(SuggestJob, With1NothingIsCompared) {
  std::vector<json> rows;
  for (const std::string copy : {"a", "b"}) {
    for (const json& each : corpus()) {
      const json &head = each["head"], &tail = each["tail"];
      rows.push_back({{"id", copy + each["id"].get<std::string>()},
                      {"text", each["text"]},
                      {"entities",
                       {{{"id", "h"}, {"start", head["start"]}, {"end", head["end"]}},
                        {{"id", "t"}, {"start", tail["start"]}, {"end", tail["end"]}}}}});
    }
  }
  write_rows("rows.jsonl", rows);
  jobs::SuggestOptions all = options(20);
  all.embedder = kEmbedder;
  EXPECT_EQ(suggested(all).size(), 20u);
  EXPECT_THAT(told(), ::testing::Not(HasSubstr("alike")));
  EXPECT_THAT(told(), ::testing::Not(HasSubstr("like another one")));
  EXPECT_THAT(told(), HasSubstr("--embedder has no effect with --similar 1"));
}

TEST_F(SuggestJob, ChanceIsTheSeeds) {
  jobs::SuggestOptions drawn = options(5);
  drawn.by = "random";
  drawn.similar.reset();
  const Ids first = ids(drawn);
  EXPECT_EQ(ids(drawn), first);
  std::set<Ids> different = {first};
  for (drawn.seed = 2; drawn.seed < 6; ++drawn.seed) different.insert(ids(drawn));
  EXPECT_GT(different.size(), 1u);
  drawn.similar = 0.5;
  suggested(drawn);
  EXPECT_THAT(told(), HasSubstr("--similar has no effect with --by random"));
  EXPECT_THAT(told(), ::testing::Not(HasSubstr("--embedder has")));
  drawn.embedder = kEmbedder;
  suggested(drawn);
  EXPECT_THAT(told(), HasSubstr("--embedder and --similar have no effect with --by random"));
  jobs::SuggestOptions seeded = options(5);
  seeded.seed = 7;
  suggested(seeded);
  EXPECT_THAT(told(), HasSubstr("--seed has no effect without --by random"));
}

TEST_F(SuggestJob, ChanceTakesTheNextTextForOneThatIsTooLong) {
  auto rows = corpus();
  std::string filler;
  for (int i = 0; i < 3000; ++i) filler += " again";
  for (size_t i = 0; i < rows.size(); i += 2) {
    rows[i]["text"] = rows[i]["text"].get<std::string>() + filler;
  }
  write_rows("rows.jsonl", rows);
  jobs::SuggestOptions drawn = options(4);
  drawn.by = "random";
  drawn.data.skip_bad_rows = true;
  for (drawn.seed = 1; drawn.seed < 4; ++drawn.seed) {
    const auto chosen = suggested(drawn);
    EXPECT_EQ(chosen.size(), 4u);
    for (const json& row : chosen) EXPECT_EQ(row["pairs"].size(), 1u) << row["id"];
  }
  drawn.count = 10;
  EXPECT_EQ(suggested(drawn).size(), 5u) << "all that there are";
}

TEST_F(SuggestJob, RowsOfOneTextAreOneUnit) {
  auto rows = corpus();
  rows.push_back(row("other", "Rain made the road wet.", "road", "Rain", kLabels[1]));
  rows.push_back(row("again", "Rain made the road wet.", "Rain", "wet", kLabels[1]));
  for (const std::string first : {"1", "again"}) {  // whichever pair is the most uncertain one
    SCOPED_TRACE(first);
    write_rows("rows.jsonl", rows);
    const auto scores = extracted("rows.jsonl");
    const auto all = suggested(options(20));
    EXPECT_EQ(all.size(), 10u);
    const auto unit = std::ranges::find_if(all,
                                           [&](const json& each) { return each["id"] == first; });
    ASSERT_NE(unit, all.end());
    EXPECT_EQ((*unit)["entities"].size(), 3u);
    EXPECT_EQ((*unit)["pairs"].size(), 3u);
    EXPECT_FALSE(unit->contains("pair"));
    double most = 0;
    for (const char* id : {"1", "other", "again"}) {
      most = std::max(most, task::uncertainty(scores.at(id), task::Uncertainty::kMargin));
    }
    EXPECT_EQ((*unit)["value"], most);
    double before = 1;
    for (const json& each : all) {
      EXPECT_LE(each["value"], before) << "ranked by that";
      before = each["value"];
    }
    std::ranges::reverse(rows);
  }
}

TEST_F(SuggestJob, OfADocumentAllPairsAreAsked) {
  const auto entity = [](const char* id, int start, int end) {
    return json{{"id", id}, {"start", start}, {"end", end}, {"type", "T"}};
  };
  const json document = {
      {"id", "d"},
      {"text", "Rain made the road wet."},
      {"entities", {entity("w:1", 19, 22), entity("a:b", 0, 4), entity("r", 14, 18)}},
      {"relations", json::parse(R"([{"head":"w:1","tail":"a:b","label":"part-of"}])")}};
  json lonely = document;
  lonely["id"] = "lonely";
  lonely["relations"][0]["tail"] = lonely["relations"][0]["head"];
  lonely["entities"].erase(2);
  lonely["entities"].erase(1);
  write_rows("rows.jsonl", {document, lonely});
  const auto rows = suggested(options(5));
  ASSERT_EQ(rows.size(), 1u);
  // Labels name their direction, so each pair is asked once, the earlier entity first.
  std::set<std::pair<std::string, std::string>> pairs;
  for (const json& pair : rows[0]["pairs"]) {
    pairs.emplace(pair["head"].get<std::string>(), pair["tail"].get<std::string>());
  }
  const std::set<std::pair<std::string, std::string>> expected = {
      {"a:b", "w:1"}, {"a:b", "r"}, {"r", "w:1"}};
  EXPECT_EQ(pairs, expected);
  for (const json& relation : rows[0]["relations"]) EXPECT_NE(relation["label"], "no_relation");
  EXPECT_THAT(told(), HasSubstr("1 document has no pair of entities that could be asked about and "
                                "is left out."));
}

TEST_F(SuggestJob, EveryFormIsReadBack) {
  const auto rows = suggested(options(4));
  for (const std::string form : {"labelstudio", "brat"}) {
    jobs::SuggestOptions as = options(4, form == "brat" ? "for-brat" : "tasks.json");
    as.overwrite = false;
    EXPECT_TRUE(jobs::suggest(as, host_));
    std::map<std::string, task::Document> documents;
    task::LoadOptions reading;
    task::read_documents(task::parse_spec(form + ":" + as.out), reading,
                         [&](task::Document&& each) { documents[each.id] = std::move(each); });
    ASSERT_EQ(documents.size(), 4u);
    for (const json& row : rows) {
      const task::Document& read = documents.at(row["id"]);
      EXPECT_EQ(read.text, row["text"]);
      EXPECT_TRUE(read.pair);
      EXPECT_EQ(read.entities[0].span.start, row["entities"][0]["start"]);
      EXPECT_EQ(read.unlabelled, form == "labelstudio") << "until somebody annotates";
      if (read.unlabelled) continue;
      EXPECT_EQ(read.relations.at(0).label, row["relations"][0]["label"]);
    }
  }
  EXPECT_THAT(read("tasks.xml"), HasSubstr("<Relation value=\"causes(e1,e2)\"/>"));
  EXPECT_THAT(read("for-brat/annotation.conf"), HasSubstr("part-of\tArg1:<ENTITY>, Arg2:<ENTITY>"));
  EXPECT_THAT(told(), HasSubstr("such as 'causes(e1,e2)': brat"));
  const json tasks = json::parse(read("tasks.json"));
  EXPECT_EQ(tasks[0]["predictions"][0]["score"], 1 - rows[0]["value"].get<double>());
  EXPECT_EQ(tasks[0]["predictions"][0]["model_version"].get<std::string>().size(), 64u);
}

TEST_F(SuggestJob, WhenStoppedNothingIsWritten) {
  write_rows("rows.jsonl", many(200));
  host_.context.progress = [this](const Progress& p) {
    EXPECT_EQ(p.total, 200);
    stop_ = p.done >= 50;
  };
  const jobs::SuggestOptions asked = options(5, "new/s.jsonl");
  EXPECT_FALSE(jobs::suggest(asked, host_));
  EXPECT_FALSE(there("new"));
  EXPECT_THAT(told(), HasSubstr("interrupted; nothing was written."));
}

TEST_F(SuggestJob, WhatIsTooLongIsRefusedOrLeftOut) {
  auto rows = corpus();
  std::string filler;
  for (int i = 0; i < 3000; ++i) filler += " again";
  rows.push_back(row("long", "Ice met fire" + filler, "Ice", "fire", kLabels[0]));
  write_rows("rows.jsonl", rows);
  EXPECT_THAT([&] { jobs::suggest(options(20), host_); },
              ThrowsMessage<Error>(HasSubstr("rows.jsonl:11")));
  jobs::SuggestOptions skipping = options(20);
  skipping.data.skip_bad_rows = true;
  EXPECT_EQ(suggested(skipping).size(), 10u);
  EXPECT_THAT(told(), HasSubstr("1 pair is too long for the model and left out."));
  // Where it stands is said as of all data: an array's row, and the file of a folder.
  jobs::SuggestOptions as_array = options(20);
  as_array.input = write("rows.json", json(rows).dump());
  EXPECT_THAT([&] { jobs::suggest(as_array, host_); },
              ThrowsMessage<Error>(HasSubstr("rows.json:1: row 11")));
  write("notes/a.txt", "Ice met fire");
  write("notes/b.txt", "Ice met fire" + filler);
  for (const char* name : {"notes/a.ann", "notes/b.ann"}) {
    write(name, "T1\tT 0 3\tIce\nT2\tT 8 12\tfire\n");
  }
  jobs::SuggestOptions of_folder = options(20);
  of_folder.input = path("notes");
  EXPECT_THAT([&] { jobs::suggest(of_folder, host_); },
              ThrowsMessage<Error>(HasSubstr("notes/b.ann:1")));
}

}  // namespace
}  // namespace relatum::testing

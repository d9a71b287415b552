// compare, analyse and calibrate through the program.
#include "app/workbench.h"

namespace relatum::testing {
namespace {

class Scores : public Workbench {
 protected:
  /// Answers to the corpus: right but for the given ids.
  std::string answers(const std::string& name, const std::set<std::string>& wrong) const {
    std::string text;
    for (const json& each : corpus()) {
      const std::string id = each["id"], label = each["label"];
      const bool turned = label == kLabels[0];
      text += json{{"id", id},
                   {"label", wrong.contains(id) ? kLabels[turned ? 2 : 3] : label},
                   {"probability", wrong.contains(id) ? 0.8 : 0.9}}
                  .dump() +
              "\n";
    }
    return write(name, text);
  }
  Arguments compare(const Arguments& sides, const std::string& samples = "200") const {
    return Arguments{"compare", "--data", path("rows.jsonl"), "--samples", samples} + sides;
  }
};

TEST_F(Scores, TwoSystemsAreCompared) {
  const std::string one = answers("one.jsonl", {"1", "2", "5"});
  const std::string other = answers("other.jsonl", {"2"});
  const json result = json::parse(done(compare({"--predictions", one, other, "--json"})).out);
  EXPECT_EQ(result["official"], "tacred_micro");
  const json& accuracy = result["figures"]["accuracy"];
  EXPECT_DOUBLE_EQ(accuracy["a"]["mean"], 0.8);  // "5" is no_relation either way
  EXPECT_DOUBLE_EQ(accuracy["b"]["mean"], 0.9);
  EXPECT_NEAR(accuracy["difference"].get<double>(), 0.1, 1e-15);
  EXPECT_LE(accuracy["interval"]["low"], accuracy["interval"]["high"]);
  EXPECT_EQ(result["mcnemar"][0]["test"], "exact");
  EXPECT_EQ(result["mcnemar"][0]["only_b_right"], 1);
  EXPECT_EQ(result["mcnemar"][0]["p"], 1.0);
  EXPECT_TRUE(accuracy["welch"].is_null());
  const std::string text = done(compare({"--predictions", one, other})).out;
  EXPECT_THAT(text, HasSubstr("exact (binomial)"));
  EXPECT_THAT(text, HasSubstr("paired bootstrap, 200 draws of 10 texts"));
  EXPECT_THAT(done(compare({"--predictions", one, other}, "0")).out,
              HasSubstr("No intervals: --samples is 0."));
  const std::string stray = write("stray.jsonl", R"({"id": "99", "label": "x"})");
  refused(compare({"--predictions", one, stray}), {stray, "'99'"});
  const json same = json::parse(done(compare({"--predictions", one, one, "--json"})).out);
  EXPECT_EQ(same["figures"]["accuracy"]["p"], 1.0);
}

TEST_F(Scores, SeedsHaveASpread) {
  const std::string a = answers("a.jsonl", {"1", "2"}), b = answers("b.jsonl", {"1", "2", "3"}),
                    c = answers("c.jsonl", {"4"}), d = answers("d.jsonl", {});
  const json result = json::parse(
      done(compare({"--predictions", a, b, "--against", c, d, "--json"})).out);
  const json& accuracy = result["figures"]["accuracy"];
  EXPECT_NEAR(accuracy["a"]["spread"]["mean"].get<double>(), 0.75, 1e-15);
  EXPECT_NEAR(accuracy["welch"]["difference"].get<double>(), 0.2, 1e-15);
  EXPECT_EQ(result["mcnemar"].size(), 2u);
  EXPECT_THAT(done(compare({"--predictions", a, b, "--against", c})).out,
              HasSubstr("the sides have other numbers of files"));
  refused(compare({"--predictions", a}), {"--against"});
}

TEST_F(Scores, MistakesAreSorted) {
  const Arguments analyse{"analyse", "--data", path("rows.jsonl"), "--predictions",
                          answers("p.jsonl", {"1", "2"})};
  const json result = json::parse(done(analyse + Arguments{"--json"}).out);
  EXPECT_EQ(result["wrong"], 2);
  EXPECT_EQ(result["groupings"]["kind"]["groups"][0]["name"], "direction");
  EXPECT_EQ(result["groupings"]["kind"]["groups"][1]["name"], "missed");
  EXPECT_FALSE(result["groupings"].contains("similarity"));
  EXPECT_THAT(done(analyse).out, HasSubstr("1: <e1>Rain</e1> made the <e2>road</e2> wet."));
  refused(analyse + Arguments{"--label-noise"}, {"--index"});
  done(index("idx"));
  const Arguments with_index{"--index", path("idx"), "--embedder", kEmbedder};
  const json near = json::parse(done(analyse + with_index + Arguments{"--json"}).out);
  EXPECT_EQ(near["groupings"]["retrieved_label"]["groups"][0]["name"], "the gold label");
  EXPECT_EQ(near["groupings"]["retrieved_label"]["groups"][0]["examples"], 10);  // their own text
  const json noise = json::parse(
      done(analyse + with_index + Arguments{"--label-noise", "--json", "--top", "3"}).out);
  EXPECT_EQ(noise["examples"], 10);
  EXPECT_EQ(noise["rows"].size(), 3u);
  for (const json& each : noise["rows"]) {
    EXPECT_LE(each["neighbours"]["share"], 1);
    const bool wrong = each["id"] == "1" || each["id"] == "2";
    EXPECT_NEAR(each["model"]["doubt"].get<double>(), wrong ? 0.8 : 0.1, 1e-15);  // 1 - 0.9
  }
  EXPECT_THAT(done(analyse + with_index + Arguments{"--label-noise"}).err,
              Not(HasSubstr("no effect")));
  EXPECT_THAT(done(analyse + with_index + Arguments{"--label-noise", "--sentences", "1"}).err,
              HasSubstr("--sentences has no effect with --label-noise."));
  EXPECT_THAT(done(analyse + Arguments{"--top", "3", "--neighbours", "4"}).err,
              HasSubstr("--neighbours and --top have no effect without --label-noise."));
}

TEST_F(Scores, ARunIsCalibrated) {
  done(finetune("run"));
  const Arguments calibrate{"calibrate", "--adapter", path("run"), "--data", path("rows.jsonl"),
                            "--compute", "f32",       "--threads", "1"};
  const Outcome first = done(calibrate);
  EXPECT_THAT(first.out, HasSubstr("--answer scored:"));
  EXPECT_THAT(first.err, HasSubstr("few to tell"));
  refused(calibrate, {"calibration.json", "--overwrite"});
  const json kept = json::parse(done(calibrate + Arguments{"--overwrite", "--json"}).out);
  EXPECT_EQ(kept["examples"], 10);
  EXPECT_EQ(kept["modes"].size(), 3u);
  EXPECT_TRUE(kept["modes"]["scored"]["threshold"].is_object());
  EXPECT_TRUE(kept["modes"]["constrained"]["threshold"].is_null());
  EXPECT_THAT(done({"inspect", path("run")}).out, HasSubstr("fitted on 10 examples"));
  done({"extract", "--adapter", path("run"), "--data", path("rows.jsonl"), "--compute", "f32",
        "--threshold", "dev", "--out", path("p.jsonl"), "--threads", "1"});
  const json record = json::parse(read("p.jsonl.run.json"));
  EXPECT_EQ(record["threshold"], kept["modes"]["scored"]["threshold"]["value"]);
  EXPECT_EQ(record["temperature"], kept["modes"]["scored"]["temperature"]);
}

}  // namespace
}  // namespace relatum::testing

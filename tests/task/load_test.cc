// SPECs, relabelling, sampling, and hostile files: one clear sentence with file and line.
#include "task/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "support.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;

const std::string kGood =
    R"({"id":"1","text":"ab cd","head":{"start":0,"end":2},"tail":{"start":3,"end":5},)"
    R"("label":"x"})";

std::string row(int id) {
  std::string text = kGood;
  return text.replace(text.find("\"1\""), 3, "\"" + std::to_string(id) + "\"");
}

std::string rows(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += row(i) + "\n";
  return text;
}

std::string load_error(const std::string& spec, const LoadOptions& options = {}) {
  return error_of([&] { load_dataset(spec, options); });
}

TEST(Spec, TakesPartsAndFormats) {
  const Spec spec = parse_spec("semeval2010:a/b.TXT?limit=5&sample=400&seed=7");
  EXPECT_EQ(spec.format, "semeval2010");
  EXPECT_EQ(spec.path, "a/b.TXT");
  EXPECT_EQ(spec.limit, 5);
  EXPECT_EQ(spec.sample, 400);
  EXPECT_EQ(spec.seed, 7u);
  EXPECT_EQ(parse_spec("c:/data?.jsonl").path, "c:/data?.jsonl");
  EXPECT_EQ(parse_spec("what?.csv?seed=2").path, "what?.csv");
  EXPECT_EQ(parse_spec("-").path, "-");
}

TEST(Spec, RefusesWhatItDoesNotKnow) {
  for (const char* bad : {"", "jsonl:", "a?limit=0", "a?limit=x", "a?limit=", "a?limits=3",
                          "a?seed=-1", "a?limit=99999999999999999999", "?limit=3"}) {
    EXPECT_THAT(error_of([&] { parse_spec(bad); }), HasSubstr("[task.spec]")) << bad;
  }
}

TEST(Load, CutsAndSamplesTheSameWayEachTime) {
  const Scratch scratch;
  const std::string path = scratch.file("a.jsonl", rows(50));
  EXPECT_EQ(load_dataset(path + "?limit=7").examples.size(), 7u);
  EXPECT_EQ(load_dataset(path + "?sample=99").examples.size(), 50u);
  const auto ids = [&](const std::string& parts) {
    std::vector<int> out;
    for (const Example& e : load_dataset(path + parts).examples) out.push_back(std::stoi(e.id));
    return out;
  };
  const auto drawn = ids("?sample=10&seed=1");
  EXPECT_EQ(drawn.size(), 10u);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(drawn, ids("?sample=10"));
  EXPECT_NE(drawn, ids("?sample=10&seed=2"));
  EXPECT_LE(ids("?limit=20&sample=10").back(), 20);
  LoadOptions options;
  options.limit = 3;
  EXPECT_EQ(load_dataset(path + "?limit=7", options).examples.size(), 3u);
}

TEST(Load, ReadsStandardInputAsJsonLines) {
  std::istringstream input("\xEF\xBB\xBF" + row(1) + "\r\n\r\n" + row(2));
  LoadOptions options;
  options.input = &input;
  const Dataset data = load_dataset("-", options);
  EXPECT_EQ(data.examples.size(), 2u);
  EXPECT_EQ(data.examples[1].line, 3);
  EXPECT_THAT(load_error("-"), HasSubstr("standard input"));
}

TEST(Load, HandsRowsOnAsTheyAreRead) {
  const Scratch scratch;
  const std::string path = scratch.file("a.jsonl", rows(50));
  for (const char* parts : {"", "?limit=7", "?sample=10&seed=3", "?limit=20&sample=5"}) {
    std::vector<std::string> ids, want;
    LoadOptions options;
    options.limit = 6;
    const Dataset data = read_dataset(path + parts, options,
                                      [&](Example&& example) { ids.push_back(example.id); });
    EXPECT_TRUE(data.examples.empty());
    for (const Example& example : load_dataset(path + parts, options).examples) {
      want.push_back(example.id);
    }
    EXPECT_EQ(ids, want) << parts;
    EXPECT_EQ(data.count, int64_t(want.size()));
  }
}

TEST(Load, HandsOnTheRowsBeforeABadOne) {
  const Scratch scratch;
  const std::string path = scratch.file("a.jsonl", rows(3) + "{}\n" + row(4));
  int taken = 0;
  EXPECT_THAT(error_of([&] { read_dataset(path, {}, [&](Example&&) { ++taken; }); }),
              HasSubstr("a.jsonl:4"));
  EXPECT_EQ(taken, 3);
}

TEST(Load, CountsLinesWhateverEndsThem) {
  const Scratch scratch;
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::string first = "[" + end + end + row(1) + "," + end, blank = end + "]" + end;
    const std::string as_array = scratch.file("a.json", first + "{}," + row(2) + blank);
    EXPECT_THAT(load_error("jsonl:" + as_array), HasSubstr("a.json:4: ")) << int(end[0]);
    const std::string lines = row(1) + end + end + row(2) + end + "{}" + end + row(3);
    EXPECT_THAT(load_error(scratch.file("a.jsonl", lines)), HasSubstr("a.jsonl:4: "));
    LoadOptions options;
    options.skip_bad_rows = true;
    const Dataset data = load_dataset(scratch.file("b.jsonl", lines), options);
    ASSERT_EQ(data.examples.size(), 3u);
    EXPECT_EQ(data.examples[2].line, 5);
    EXPECT_EQ(data.examples[2].label, "x");
  }
}

TEST(Load, ReadsAStreamLikeAFile) {
  const Scratch scratch;
  const std::string array = "[" + row(1) + ",\n" + row(2) + "]";
  for (const std::string& text : {rows(3), array, "\n\n" + array, row(1) + "\r" + row(2) + "\r\n",
                                  "\xEF\xBB\xBF\n" + rows(2)}) {
    std::istringstream input(text);
    LoadOptions options;
    options.input = &input;
    const Dataset piped = load_dataset("-", options);
    const Dataset file = load_dataset("jsonl:" + scratch.file("b.jsonl", text));
    ASSERT_EQ(piped.examples.size(), file.examples.size()) << text;
    for (size_t i = 0; i < file.examples.size(); ++i) {
      EXPECT_EQ(piped.examples[i].id, file.examples[i].id);
      EXPECT_EQ(piped.examples[i].line, file.examples[i].line) << text;
    }
  }
  for (const char* text : {"", "\n \n", "[]", "[{}", "x\0x\0x\0x\0x\0"}) {
    std::istringstream input(text);
    LoadOptions options;
    options.input = &input;
    EXPECT_NE(load_error("-", options), "") << text;
  }
}

TEST(Load, HoldsTheDataToAGivenInventory) {
  const Scratch scratch;
  const std::string path = scratch.file("a.jsonl", row(1));
  LoadOptions options;
  options.labels = Labels({"y", "xx"});
  EXPECT_THAT(load_error(path, options),
              AllOf(HasSubstr("a.jsonl:1"), HasSubstr("'x'"), HasSubstr("2 labels")));
  options.keep_unknown_labels = true;
  const Dataset kept = load_dataset(path, options);
  EXPECT_EQ(kept.labels.names(), (std::vector<std::string>{"y", "xx"}));
  EXPECT_EQ(kept.examples[0].label, "x");
  EXPECT_TRUE(kept.bad_rows.empty());
  options.labels = Labels({"y", "x"});
  EXPECT_EQ(load_dataset(path, options).labels.names(), (std::vector<std::string>{"y", "x"}));
  EXPECT_FALSE(load_dataset(path, options).open_labels);
}

TEST(Load, NamedInventoryIsWholeAndClosed) {
  const Scratch scratch;
  const std::string good = "1\t\"<e1>a</e1> <e2>b</e2>\"\nOther\nComment:\n\n";
  const std::string path = scratch.file("s.txt", good);
  EXPECT_EQ(load_dataset(path).labels.size(), 19);
  const std::string bad = scratch.file(
      "t.txt", good + "2\t\"<e1>a</e1> <e2>b</e2>\"\nCause-Efect(e1,e2)\nComment:\n");
  EXPECT_THAT(load_error(bad),
              AllOf(HasSubstr("[task.semeval2010]"), HasSubstr("t.txt:5"),
                    HasSubstr("labels. Did you mean 'Cause-Effect(e1,e2)'? Correct the row, or "
                              "leave such rows out with --skip-bad-rows."),
                    ::testing::Not(HasSubstr("--labels"))));
}

TEST(Load, RelabelDropsAndCounts) {
  const Scratch scratch;
  const std::string data = scratch.file(
      "d.json", R"([{"id":"a","relation":"no_relation","token":["x","y"],"subj_start":0,)"
                R"("subj_end":0,"obj_start":1,"obj_end":1},)"
                "\n"
                R"({"id":"b","relation":"org:parents","token":["x","y"],"subj_start":0,)"
                R"("subj_end":0,"obj_start":1,"obj_end":1}])");
  LoadOptions options;
  options.relabel = "retacred:" + scratch.file("p.json", R"({"a":"per:identity","z":"per:age"})");
  const Dataset re = load_dataset(data, options);
  EXPECT_EQ(re.examples.size(), 1u);
  EXPECT_EQ(re.examples[0].label, "per:identity");
  EXPECT_EQ(re.dropped, 1);
  EXPECT_EQ(re.relabelled, 1);
  EXPECT_EQ(re.labels.size(), 40);
  options.relabel = "tacrev:" +
                    scratch.file("q.json", R"([{"id":"b","relation":"org:subsidiaries"}])");
  const Dataset rev = load_dataset(data, options);
  EXPECT_EQ(rev.examples.size(), 2u);
  EXPECT_EQ(rev.examples[1].label, "org:subsidiaries");
  EXPECT_EQ(rev.dropped, 0);
  options.relabel = "tacrev:" + scratch.file("r.json", R"({"a":"per:identity"})");
  EXPECT_THAT(load_error(data, options), AllOf(HasSubstr("r.json"), HasSubstr("per:identity")));
  options.relabel = "tacrev:" + scratch.file("e.json", "[]");
  EXPECT_THAT(load_error(data, options), HasSubstr("e.json"));
  options.relabel =
      "tacrev:" +
      scratch.file("two.json",
                   R"([{"id":"b","relation":"org:parents"},{"id":"b","relation":"no_relation"}])");
  EXPECT_THAT(load_error(data, options),
              AllOf(HasSubstr("two.json: id 'b' has two labels"), HasSubstr("'no_relation'")));
  options.relabel = "tacrev:" + scratch.file("anon.json", R"([{"relation":"org:parents"}])");
  EXPECT_THAT(load_error(data, options), HasSubstr("anon.json: row 1 has no 'id'"));
  options.relabel = "tacrev:" + scratch.file("far.json", R"({"z":"org:parents"})");
  EXPECT_THAT(load_dataset(data, options).warnings,
              ::testing::Contains(AllOf(HasSubstr("far.json"), HasSubstr("no label is changed"))));
  options.relabel = "retacred:" + scratch.path("far.json");
  scratch.file("far.json", R"({"z":"org:members"})");
  EXPECT_THAT(load_error(data, options), HasSubstr("2 rows are not in the patch of --relabel"));
  options.relabel = "redocred:x";
  EXPECT_THAT(load_error(data, options), HasSubstr("tacrev:PATCH"));
}

struct Hostile {
  const char* file;
  std::string text;
  const char* place;   // what stands before the message
  const char* reason;  // a part of it
};

std::vector<Hostile> hostile_rows() {
  const std::string ok = kGood + "\n";
  const std::string sentence = "1\t\"<e1>a</e1> <e2>b</e2>\"\nOther\nComment:\n\n";
  const std::string pair =
      "{\"doc_key\":\"a\",\"sentence\":[\"a\",\"b\"],\"ner\":[],"
      "\"relations\":[[0,0,1,1,\"role\"]]}\n";
  const std::string header = "id,text,head_start,head_end,tail_start,tail_end\n";
  const std::string token = R"([{"id":"a","token":["x","y"],"subj_start":0,"subj_end":0,)";
  return {
      {"a.jsonl", ok + "{\"id\":\"2\"}\n", "a.jsonl:2", "'text'"},
      {"a.jsonl", ok + "{\"id\":\"2\",\"text\":\"ab\"}\n", "a.jsonl:2", "'head'"},
      {"a.jsonl", ok + ok, "a.jsonl:2", "already stands on line 1"},
      {"a.jsonl", ok + "{\n", "a.jsonl:2", "JSON"},
      {"a.jsonl", ok + "[1]\n", "a.jsonl:2", ""},
      {"a.jsonl", ok + std::string(100000, '[') + "\n", "a.jsonl:2", "nested"},
      {"a.jsonl", ok + "{\"id\":\"\\ud800\"}\n", "a.jsonl:2", "JSON"},
      {"a.jsonl", ok + "{\"id\":\"\xff\"}\n", "a.jsonl:2", "UTF-8"},
      {"a.jsonl",
       ok + R"({"id":"2","text":"ab","head":{"start":0,"end":3},"tail":{"start":0,"end":1}})",
       "a.jsonl:2", "head entity's span [0, 3)"},
      {"a.jsonl",
       ok + R"({"id":"2","text":"ab","head":{"start":0,"end":1},"tail":{"start":1,"end":1}})",
       "a.jsonl:2", "tail entity's span [1, 1)"},
      {"a.jsonl",
       ok + R"({"id":"2","text":"ab","head":{"start":"0","end":1},"tail":{"start":1,"end":2}})",
       "a.jsonl:2", "start"},
      {"x.json",
       pair + "{\"doc_key\":\"b\",\"sentence\":[\"a\"],\"ner\":[],\"relations\":"
              "[[0,0,0,1,\"role\"]]}\n",
       "x.json:2", "tokens 0 to 1"},
      {"x.json",
       pair + "{\"doc_key\":\"b\",\"sentence\":[\"a\"],\"ner\":[],\"relations\":"
              "[[0,0,0]]}\n",
       "x.json:2", "expected a list"},
      {"s.txt", sentence + "2\t\"no entities\"\nOther\nComment:\n", "s.txt:5", "no <e1>"},
      {"s.txt", sentence + "2\t\"<e1>a</e1> <e1>b</e2>\"\nOther\n", "s.txt:5", "twice"},
      {"s.txt", sentence + "2\t\"<e1>a</e1> b</e2>\"\nOther\n", "s.txt:5", "no <e2>"},
      {"s.txt", sentence + "2\t\"</e1>a<e1> <e2>b</e2>\"\nOther\n", "s.txt:5", "head entity"},
      {"s.txt", sentence + "2\t\"<e1>a</e1> <e2>b</e2>\"\nComment: x\n", "s.txt:6", "comment"},
      {"s.txt", sentence + "stray line\n", "s.txt:5", "expected a number"},
      {"s.txt", sentence + "2\t\n", "s.txt:5", "no <e1>"},
      {"s.txt", sentence + "2\t\"<e1>\xff</e1> <e2>b</e2>\"\n", "s.txt:5", "UTF-8"},
      {"c.csv", header + "1,ab,0,1,1,2\n2,ab,0,1,1\n", "c.csv:3", "6 fields"},
      {"c.csv", header + "1,ab,0,1,1,2\n2,ab,0,1,1,2x\n", "c.csv:3", "tail_end"},
      {"c.csv", header + "1,\"a\nb\",0,1,2,3\n2,ab,0,1,1,9\n", "c.csv:4", "tail entity"},
      {"c.csv", header + "1,ab,0,1,1,2\n2,a\"b,0,1,1,2\n", "c.csv:3", "quote"},
      {"c.csv", header + "1,ab,0,1,1,2\n2,\"ab,0,1,1,2\n", "c.csv:3", "never closed"},
      {"c.csv", header + "1,ab,0,1,1,2\n2,\"ab\"c,0,1,1,2\n", "c.csv:3", "closing quote"},
      {"t.json", token + "\"obj_start\":1,\"obj_end\":1},\n{\"id\":\"b\"}]", "t.json:2", "row 2"},
      {"t.json",
       token + "\"obj_start\":1,\"obj_end\":1},\n" + token.substr(1) +
           "\"obj_start\":1,\"obj_end\":2}]",
       "t.json:2", "obj_end 2"},
      {"t.json",
       token + "\"obj_start\":1,\"obj_end\":1},\n" + std::string(100000, '[') +
           std::string(100000, ']') + "]",
       "t.json:2", "nested"},
  };
}

TEST(Load, BadRowsStopWithFileAndLineOrAreListed) {
  const Scratch scratch;
  for (const Hostile& hostile : hostile_rows()) {
    SCOPED_TRACE(hostile.text.substr(0, 200));
    const std::string path = scratch.file(hostile.file, hostile.text);
    const std::string error = load_error(path);
    EXPECT_THAT(error, AllOf(HasSubstr(std::string(hostile.place) + ": "),
                             HasSubstr(hostile.reason), HasSubstr("--skip-bad-rows")));
    EXPECT_LT(error.size(), 600u) << "one sentence, not the file";
    LoadOptions options;
    options.skip_bad_rows = true;
    const Dataset data = load_dataset(path, options);
    EXPECT_EQ(data.examples.size(), 1u);
    EXPECT_EQ(data.bad_rows.size(), 1u);
  }
}

TEST(Load, FilesThatNoSkippingCanMend) {
  const Scratch scratch;
  LoadOptions options;
  options.skip_bad_rows = true;
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"empty.jsonl", ""},
           {"blank.jsonl", "\xEF\xBB\xBF \r\n\n"},
           {"bad.jsonl", "{\"id\":\"1\"}\n"},
           {"cut.json", "[{\"id\":\"1\",\"token\":[\"a\""},
           {"more.json", "[] []"},
           {"none.json", "[]"},
           {"head.csv", "id,text\n"},
           {"twice.csv", "id,text,head_start,head_end,tail_start,tail_end,id\n1,a,0,1,0,1,2\n"},
           {"typo.csv", "id,text,head_start,head_end,tail_start,tail_end,labels\n"},
           {"only.csv", "id,text,head_start,head_end,tail_start,tail_end\n"},
           {"what.bin", "what is this\n"}}) {
    const std::string error = load_error(scratch.file(name, text), options);
    EXPECT_THAT(error, HasSubstr(name)) << text;
  }
  EXPECT_THAT(load_error(scratch.path("absent.jsonl")), HasSubstr("absent.jsonl"));
  EXPECT_THAT(load_error("jsonl:" + scratch.path("")), HasSubstr("relatum-test"));
}

TEST(Load, SaysWhyNothingIsLeft) {
  const Scratch scratch;
  LoadOptions options;
  options.skip_bad_rows = true;
  const auto error = [&](const std::string& name, const std::string& text) {
    return load_error(scratch.file(name, text), options);
  };
  EXPECT_THAT(error("a.csv", "text,head,tail\nab,a,x\n\nab,c,b\nab,d,b\nab,e,b\n"),
              AllOf(HasSubstr("4 rows are malformed. Line 2: the tail 'x' does not stand"),
                    HasSubstr("; line 4: the head 'c'"), HasSubstr("; line 5: the head 'd'"),
                    ::testing::Not(HasSubstr("'e'")), ::testing::Not(HasSubstr("--relabel"))));
  EXPECT_THAT(error("b.csv", "text,head,tail\nab,a,x\n"), HasSubstr("1 row is malformed. Line 2"));
  EXPECT_THAT(error("c.csv", "text\n<e1>\xD6</e1> <e2>b</e2>\n"),
              AllOf(HasSubstr("0xD6"), ::testing::EndsWith("Save the file as UTF-8.")));
  EXPECT_THAT(error("d.csv", "text,head,tail\n,,\n"), HasSubstr("a header and no rows. Check"));
  EXPECT_THAT(load_error("jsonl:" + scratch.file("e.json", " []")), HasSubstr("an empty list"));
}

TEST(Load, TakesCrlfAndAMarkInEveryFormat) {
  const Scratch scratch;
  for (const char* name :
       {"semeval2010.txt", "tacred.json", "crossre.json", "jsonl.jsonl", "csv.csv"}) {
    const std::string original = (std::filesystem::path(RELATUM_FIXTURES) / "task" / name).string();
    std::string text = "\xEF\xBB\xBF";
    for (const char c : testing::slurp(original)) {
      if (c == '\n' && text.back() != '\r') text += '\r';
      text += c;
    }
    const Dataset windows = load_dataset(scratch.file(name, text));
    const Dataset plain = load_dataset(original);
    ASSERT_EQ(windows.examples.size(), plain.examples.size()) << name;
    for (size_t i = 0; i < plain.examples.size(); ++i) {
      EXPECT_EQ(marked_text(windows.examples[i]), marked_text(plain.examples[i]));
      EXPECT_EQ(windows.examples[i].label, plain.examples[i].label);
    }
  }
}

}  // namespace
}  // namespace relatum::task

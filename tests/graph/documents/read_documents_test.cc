// Folders, files, rows and standard input as documents; what is bad is one sentence.
#include "graph/documents/read_documents.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "base/atomic_file.h"
#include "base/hash.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::graph {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::error_of;
using Strings = std::vector<std::string>;

struct Read {
  DocumentFiles files;
  DocumentCounts counts;
  std::vector<SourceDocument> documents;
  std::vector<uint64_t> bytes;

  Strings ids() const {
    Strings all;
    for (const SourceDocument& each : documents) all.push_back(each.id);
    return all;
  }
};

Read read(const Strings& inputs, const DocumentOptions& options = {}, const Context& context = {}) {
  Read out;
  out.files = find_documents(inputs);
  out.counts = read_documents(out.files, options, context, [&](SourceDocument&& each, uint64_t n) {
    out.documents.push_back(std::move(each));
    out.bytes.push_back(n);
  });
  return out;
}

class Documents : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    write_file(folder / name, text);
    return (folder / name).string();
  }
  std::string root() const { return folder.path().string(); }
  /// The one sentence with which a file of this name and content is refused, less its path.
  std::string refusal(const std::string& name, const std::string& bytes,
                      const DocumentOptions& options = {}) const {
    const std::string path = write(name, bytes);
    std::string sentence = error_of([&] { read({path}, options); });
    EXPECT_TRUE(sentence.ends_with('.')) << sentence;
    const size_t at = sentence.find(path);
    EXPECT_NE(at, std::string::npos) << sentence;
    return at == sentence.npos ? sentence : sentence.substr(at + path.size());
  }
  testing::TemporaryFolder folder;
};

TEST_F(Documents, OfAFolderComeInTheOrderOfTheirIds) {
  write("b.txt", "two");
  write("a/z.MD", "# one");
  write("a/y.html", "<p>three</p>");
  write("a.txt", "four\r\nlines\r");
  write("notes.log", "no");
  write("data.bin", "no");
  write(".hidden.txt", "no");
  write(".git/x.txt", "no");
  write("rows.jsonl", "{\"id\":\"r1\",\"text\":\"x\\r\\ny\",\"author\":1}\n\n{\"text\":\"z\"}\n");
  write("rows.tsv", "Text\tnote\n\"a\r\nb\"\t1\n");
  const Read out = read({root()});
  EXPECT_EQ(out.ids(),
            (Strings{"a.txt", "a/y.html", "a/z.MD", "b.txt", "r1", "rows.jsonl:3", "rows.tsv:2"}));
  EXPECT_EQ(out.documents[0].text, "four\nlines\n");
  EXPECT_EQ(out.documents[0].sha256, sha256_file(folder / "a.txt"));
  EXPECT_EQ(out.documents[0].source, root() + "/a.txt");
  EXPECT_EQ(out.documents[1].text, "three");
  EXPECT_EQ(out.documents[2].text, "# one");
  EXPECT_EQ(out.documents[4].text, "x\r\ny");  // JSON says what it means
  EXPECT_EQ(out.documents[4].source, root() + "/rows.jsonl:1");
  EXPECT_EQ(out.documents[6].text, "a\nb");
  EXPECT_EQ(out.documents[6].form, DocumentForm::kTable);
  EXPECT_EQ(passed_over(out.files), "Passed over: 2 files of other endings, 2 hidden entries.");
  EXPECT_EQ(out.counts.documents, 7);
  EXPECT_EQ(out.counts.notes, (Strings{root() + "/rows.jsonl: fields that are not read: 'author'.",
                                       root() + "/rows.tsv: fields that are not read: 'note'."}));
  EXPECT_TRUE(std::ranges::is_sorted(out.bytes));
  EXPECT_EQ(out.bytes.back() + 1, out.files.bytes);  // the table's last line end
}

TEST_F(Documents, LinksToFilesAreReadThoseToFoldersAreNot) {
  write("a/one.txt", "x");
  fs::create_directory_symlink(folder.path(), folder / "a/loop");
  fs::create_symlink(folder / "a/one.txt", folder / "a/two.txt");
  EXPECT_EQ(read({root()}).ids(), (Strings{"a/one.txt", "a/two.txt"}));
  EXPECT_EQ(passed_over(find_documents(Strings{root()})), "Passed over: 1 link to a folder.");
  EXPECT_EQ(read({root() + "/a/loop/a"}).ids(), (Strings{"one.txt", "two.txt"}));  // named itself
  fs::create_symlink(folder / "a/circle.txt", folder / "a/circle.txt");
  const std::string circle = error_of([&] { read({root()}); });
  EXPECT_NE(circle.find("a/circle.txt: Too many levels of symbolic links"), std::string::npos)
      << circle;
  const Read rest = read({root()}, {.skip_bad = true});
  EXPECT_EQ(rest.ids(), (Strings{"a/one.txt", "a/two.txt"}));
  EXPECT_EQ(rest.counts.bad, Strings{circle});
}

TEST_F(Documents, AreNamedInAFewWords) {
  const auto named = [](const Strings& inputs) { return named_documents(find_documents(inputs)); };
  fs::create_directory(folder / "notes");
  const std::string a = write("a.txt", "x"), b = write("b.log", "x"), c = write("c.md", "x");
  const std::string notes = root() + "/notes";
  EXPECT_EQ(named({}), "");
  EXPECT_EQ(named({notes}), "notes");
  EXPECT_EQ(named({notes + "/./"}), "notes");
  EXPECT_EQ(named({notes + "/../notes/"}), "notes");
  EXPECT_EQ(name_of_path("/"), "/");
  EXPECT_EQ(named({a, "txt:" + b}), "a.txt and b.log");
  EXPECT_EQ(named({a, "txt:-", notes}), "a.txt, standard input and notes");
  EXPECT_EQ(named({a, c, notes, "txt:" + b}), "a.txt, c.md and 2 others");
  EXPECT_EQ(named({write("two\nlines.txt", "x")}), "two\\nlines.txt");
  EXPECT_EQ(name_of_path("."), fs::current_path().filename());
}

TEST_F(Documents, WhatIsNamedMustBeThere) {
  const auto says = [&](const Strings& inputs, const std::string& what) {
    const std::string sentence = error_of([&] { read(inputs); });
    EXPECT_NE(sentence.find(what), std::string::npos) << sentence;
  };
  says({root() + "/x.txt"}, "x.txt: No such file or directory. Check the path.");
  says({write("a.log", "x")}, "a.log has an ending that tells no form.");
  says({"-", "txt:-"}, "is named twice");
  says({"-"}, "there is no standard input");
  mkfifo((folder / "pipe.txt").c_str(), 0600);
  says({root() + "/pipe.txt"}, "pipe.txt is no file but a device or a pipe");
  EXPECT_EQ(find_documents(Strings{root()}).special, 1);
  EXPECT_EQ(read({"txt:" + root() + "/a.log"}).ids(), Strings{"a.log"});
}

TEST_F(Documents, FilesThatCannotBeOpenedAreToldByName) {
  const std::string path = write("a.txt", "x");
  fs::permissions(path, fs::perms::none);
  if (::access(path.c_str(), R_OK) == 0) GTEST_SKIP() << "this user may read everything";
  EXPECT_NE(error_of([&] { read({path}); }).find("a.txt: Permission denied."), std::string::npos);
}

TEST_F(Documents, FoldersThatCannotBeListedAreToldByName) {
  write("a/b.txt", "x");
  fs::permissions(folder / "a", fs::perms::none);
  const bool allowed = ::access((folder / "a").c_str(), R_OK) == 0;
  const std::string sentence = allowed ? "" : error_of([&] { read({root()}); });
  fs::permissions(folder / "a", fs::perms::owner_all);
  if (allowed) GTEST_SKIP() << "this user may list everything";
  EXPECT_NE(sentence.find("cannot list the folder " + root() + "/a"), std::string::npos);
}

TEST_F(Documents, WhatIsNoTextIsRefused) {
  EXPECT_EQ(refusal("a.txt", "a\0b"s),
            " has a zero byte at 1, so it is no text. Save its text as .txt, or take it out of the "
            "folder.");
  EXPECT_EQ(refusal("b.md", "%PDF-1.4"),
            " is a PDF file, not text. Save its text as .txt, or take it out of the folder.");
  EXPECT_TRUE(refusal("c.txt", "PK\x03\x04").starts_with(" is a ZIP archive"));
  EXPECT_EQ(refusal("d.txt", "a\nb\xe9"),
            " has the byte 0xE9 on line 2, which is not UTF-8; in Latin-1 and Windows-1252 it is "
            "'é'. Save the file as UTF-8.");
  EXPECT_TRUE(refusal("e.txt", "\xff\xfeh\0"s).starts_with(" starts with the byte-order mark"));
  EXPECT_TRUE(refusal("f.html", "x\xe9").starts_with(" has the byte 0xE9"));
  EXPECT_EQ(refusal("g.txt", std::string(2 << 20, 'x'), {.most_bytes = 1 << 20}),
            " is larger than 1 MB. Cut it into several documents.");
  EXPECT_EQ(refusal("h.pdf", "%PDF-1.4", {.pdftotext = "no-such-program"}),
            " needs the program pdftotext, and there is no 'no-such-program'. Install it (Debian "
            "and Ubuntu: poppler-utils) or save the text as .txt.");
}

TEST_F(Documents, EmptyOnesAreDocumentsToo) {
  write("a.txt", "");
  write("b.html", "");
  write("c.md", "\xEF\xBB\xBF \r\n");
  write("d.csv", "text,id\n\"  \",x\n");
  write("e.jsonl", "\n");
  const Read out = read({root()});
  EXPECT_EQ(out.ids(), (Strings{"a.txt", "b.html", "c.md", "x"}));
  EXPECT_EQ(out.counts.empty, 4);
}

// Other entities make a row another document, though its text is the same.
TEST_F(Documents, RowsMayGiveTheirEntities) {
  const std::string path = write(
      "a.jsonl",
      R"({"id":"a","text":"Zoë saw Bo.","entities":[{"id":"T1","start":0,"end":3,"type":"PERSON"},)"
      R"({"id":"T2","start":8,"end":10,"type":"DOG","text":"Bo","probability":0.5,"cluster":"c"}]})"
      "\n"
      R"({"id":"b","text":"Zoë saw Bo.","entities":[]})"
      "\n"
      R"({"id":"c","text":"Zoë saw Bo."})"
      "\n");
  const Read out = read({path});
  ASSERT_EQ(out.documents.size(), 3u);
  const std::vector<Mention>& mentions = out.documents[0].entities;
  ASSERT_EQ(mentions.size(), 2u);
  EXPECT_EQ(mentions[0].text, "Zoë");
  EXPECT_EQ(mentions[0].type, "PERSON");
  EXPECT_EQ(mentions[0].probability, 1);
  EXPECT_EQ(mentions[1].text, "Bo");
  EXPECT_EQ(mentions[1].span, (Stretch{8, 10}));
  EXPECT_EQ(mentions[1].probability, 0.5);
  EXPECT_TRUE(out.documents[1].entities.empty());
  EXPECT_NE(out.documents[0].sha256, out.documents[1].sha256);
  EXPECT_NE(out.documents[1].sha256, out.documents[2].sha256);
  EXPECT_EQ(out.counts.notes, (Strings{path + ": fields that are not read: 'entities.cluster'."}));
}

TEST_F(Documents, BadEntitiesAreToldWithTheirLine) {
  const auto refused = [&](const std::string& entities) {
    return refusal("a.jsonl", "{\"text\":\"Bo sat.\",\"entities\":" + entities + "}");
  };
  EXPECT_EQ(refused(R"([{"id":"T1","start":0,"end":2}])"),
            ":1: entity 'T1' has no type. Mend or remove the row.");
  EXPECT_EQ(
      refused(R"([{"id":"T1","start":0,"end":2,"type":"A","probability":2}])"),
      ":1: entity 'T1' has a probability of 2, which is not from 0 to 1. Mend or remove the row.");
  for (const char* entities :
       {R"({})", R"([1])", R"([{"id":"T1","start":0,"end":9,"type":"A"}])",
        R"([{"id":"T1","start":2,"end":3,"type":"A"}])", R"([{"start":0,"end":2,"type":"A"}])",
        R"([{"id":"T1","start":0,"end":2,"type":"A","text":"Ann"}])",
        R"([{"id":"T1","start":0,"end":2,"type":"A"},{"id":"T1","start":3,"end":6,"type":"A"}])"}) {
    const std::string sentence = refused(entities);
    EXPECT_TRUE(sentence.starts_with(":1: ")) << entities << sentence;
    EXPECT_TRUE(sentence.ends_with(" Mend or remove the row.")) << entities << sentence;
  }
}

TEST_F(Documents, BadRowsAreToldWithTheirLine) {
  const std::string lines = "{\"text\":\"x\"}\n";
  EXPECT_EQ(refusal("a.jsonl", lines + "[1]\n"),
            ":2: the row is no JSON object. Mend or remove the row.");
  EXPECT_EQ(refusal("a.jsonl", lines + "\n{\"id\":1}\n"),
            ":3: the row has no 'text'. Mend or remove the row.");
  EXPECT_EQ(refusal("a.jsonl", "{\"text\":1}"), ":1: 'text' is no string. Mend or remove the row.");
  EXPECT_EQ(refusal("a.jsonl", "{\"text\":\"x\",\"id\":1.5}"),
            ":1: 'id' is neither a string nor a whole number. Mend or remove the row.");
  EXPECT_TRUE(refusal("a.jsonl", "{\"text\":\"\\u0000\"}").starts_with(":1: the text has the ch"));
  EXPECT_EQ(refusal("a.jsonl", "{\"text\":\"x\",\"id\":\"a\\u0000\"}"),
            ":1: the id has the character U+0000. Remove it.");
  EXPECT_TRUE(refusal("a.jsonl", "{\"text\":\"\xff\"}").starts_with(":1: "));
  EXPECT_EQ(refusal("a.csv", "text,id\nx,1\ny\n"),
            ":3: expected 2 fields as in the header, got 1. Mend or remove the row.");
  EXPECT_EQ(refusal("a.csv", "text\nx\xff\n"),
            ":2: the row has the byte 0xFF, which is not UTF-8; in Latin-1 and Windows-1252 it is "
            "'ÿ'. Mend or remove the row.");
  EXPECT_EQ(refusal("a.csv", "id,body\n1,x\n"),
            ": the header has no column 'text'; its columns are 'id', 'body'. Name the column of "
            "the texts by --text-column.");
  EXPECT_TRUE(refusal("a.csv", "").starts_with(": the header has no column 'text'"));
  const DocumentOptions skipping{.skip_bad = true};
  const Read out = read({write("a.jsonl", lines + "[1]\n{\"text\":\"y\"}\n")}, skipping);
  EXPECT_EQ(out.ids(), (Strings{"a.jsonl:1", "a.jsonl:3"}));
  EXPECT_EQ(out.counts.bad.size(), 1u);
}

TEST_F(Documents, ColumnsAndKeysCanBeNamed) {
  const DocumentOptions options{.fields = {"Body Text", "key"}};
  EXPECT_EQ(read({write("a.csv", "key;body text\nk1;x, y\n")}, options).documents[0].text, "x, y");
  const Read out = read({write("b.jsonl", "{\"Body Text\":\"z\",\"key\":7}")}, options);
  EXPECT_EQ(out.documents[0].text, "z");
  EXPECT_EQ(out.ids(), Strings{"7"});
}

TEST_F(Documents, TwoOfOneIdAreOneTooMany) {
  write("a/x.txt", "1");
  write("b/x.txt", "2");
  const std::string sentence = error_of([&] { read({root() + "/a", root() + "/b"}); });
  EXPECT_NE(sentence.find("/b/x.txt: the document's id 'x.txt' is that of " + root() + "/a/x.txt"),
            std::string::npos)
      << sentence;
  EXPECT_EQ(read({root()}).ids(), (Strings{"a/x.txt", "b/x.txt"}));
  EXPECT_EQ(refusal("rows.csv", "text,id\nx,1\ny,1\n"),
            ":3: the document's id '1' is that of " + root() +
                "/rows.csv:2, too. Give each document an id of its own, or name the folder above "
                "files of one name.");
}

TEST_F(Documents, StandardInputTellsItsFormByItsFirstCharacter) {
  std::istringstream rows("{\"id\":\"q\",\"text\":\"x\"}\n"), text("Some text.\r\n"),
      table("text\ny\n");
  EXPECT_EQ(read({"-"}, {.input = &rows}).ids(), Strings{"q"});
  const Read out = read({"-"}, {.input = &text});
  EXPECT_EQ(out.ids(), Strings{"stdin"});
  EXPECT_EQ(out.documents[0].text, "Some text.\n");
  EXPECT_EQ(read({"csv:-"}, {.input = &table}).ids(), Strings{"stdin:2"});
  std::istringstream pdf("%PDF");
  EXPECT_NE(error_of([&] { read({"pdf:-"}, {.input = &pdf}); }).find("PDF is not read from"),
            std::string::npos);
}

TEST_F(Documents, UnwantedOnesAreNotTurnedIntoText) {
  write("a.pdf", "%PDF-1.4");
  write("b.txt", "x");
  DocumentOptions options{.pdftotext = "no-such-program"};
  Strings asked;
  options.wanted = [&](const std::string& id, const std::string& hash) {
    asked.push_back(id + " " + hash);
    return id == "b.txt";
  };
  const Read out = read({root()}, options);
  EXPECT_EQ(out.ids(), Strings{"b.txt"});
  EXPECT_EQ(out.counts.unwanted, 1);
  EXPECT_EQ(asked, (Strings{"a.pdf " + sha256_file(folder / "a.pdf"),
                            "b.txt " + sha256_file(folder / "b.txt")}));
}

TEST_F(Documents, WhatTakesThemMayFailOrStop) {
  write("a.txt", "x");
  write("b.txt", "y");
  write("c.jsonl", "{\"text\":\"z\"}\n{\"text\":\"z\"}\n");
  const DocumentFiles files = find_documents(Strings{root()});
  EXPECT_NE(error_of([&] {
              read_documents(files, {.skip_bad = true}, {},
                             [](SourceDocument&&, uint64_t) { fail("test", "the disk is full."); });
            }).find("the disk is full"),
            std::string::npos);
  std::atomic<bool> stop = false;
  Context context;
  context.stop = &stop;
  int taken = 0;
  read_documents(files, {}, context, [&](SourceDocument&&, uint64_t) { stop = ++taken == 3; });
  EXPECT_EQ(taken, 3);
}

TEST_F(Documents, NamesThatAreNotUtf8HaveIdsAllTheSame) {
  write("a\xff\n.txt", "x");
  EXPECT_EQ(read({root()}).ids(), Strings{"a\\xff\\n.txt"});
}

}  // namespace
}  // namespace relatum::graph

// Index folders: round trip, replacement in one step, refusal of damaged and foreign ones.
#include "retrieve/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "base/hash.h"
#include "io/json.h"
#include "support/temporary.h"
#include "tensor/buffer.h"

namespace relatum::retrieve {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Store sample(int64_t count, const std::string& embedder = "tiny") {
  Store store{{embedder, std::string(64, 'a'), "f32"}, {"owns", "Other"}, {}, Index(2), ""};
  Matrix<float> rows(count, 2);
  for (int64_t i = 0; i < count; ++i) {
    rows.row(i)[0] = float(i);
    rows.row(i)[1] = 1;
    StoredExample example{std::to_string(100 + i),
                          "Zoë owns ten boats.",
                          {0, 3, "PERSON"},
                          {13, 18, ""},
                          "owns",
                          "<e1>Zoë</e1> owns ten <e2>boats</e2>."};
    if (i == 1) example.label.reset();
    store.examples.push_back(example);
  }
  store.index.add(rows.view());
  return store;
}

class StoreFolder : public ::testing::Test {
 protected:
  // Names of what lies beside the index, itself included.
  std::vector<std::string> beside() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  void expect_refused(const std::string& word, const std::string& file) {
    EXPECT_THAT([&] { load_store(path_); },
                ThrowsMessage<Error>(AllOf(HasSubstr(word), HasSubstr(file))));
  }
  // Changes one file and lets index.json vouch for it, as a stranger could.
  void forge(const std::string& name, const std::string& text) {
    write_file(path_ / name, text);
    auto manifest = io::load_json(path_ / "index.json");
    if (name != "index.json") manifest["files"][name] = sha256_file(path_ / name);
    write_file(path_ / "index.json", io::dump_json(manifest));
  }
  void change_manifest(const std::string& pointer, const nlohmann::json& value) {
    auto manifest = io::load_json(path_ / "index.json");
    manifest[nlohmann::json::json_pointer(pointer)] = value;
    write_file(path_ / "index.json", io::dump_json(manifest));
  }
  relatum::testing::TemporaryFolder folder_;
  fs::path path_ = folder_ / "my-index";
};

TEST_F(StoreFolder, RoundTrip) {
  save_store(path_, sample(3));
  EXPECT_TRUE(is_store(path_));
  const Store store = load_store(path_);
  EXPECT_EQ(store.embedder.name, "tiny");
  EXPECT_EQ(store.embedder.hash, std::string(64, 'a'));
  EXPECT_EQ(store.embedder.compute, "f32");
  EXPECT_EQ(store.labels, (std::vector<std::string>{"owns", "Other"}));
  EXPECT_EQ(store.hash, sha256_file(path_ / "index.json"));
  ASSERT_EQ(store.examples.size(), 3u);
  EXPECT_EQ(store.index.size(), 3);
  const StoredExample& example = store.examples[2];
  EXPECT_EQ(example.id, "102");
  EXPECT_EQ(example.text, "Zoë owns ten boats.");
  EXPECT_EQ(example.head.type, "PERSON");
  EXPECT_EQ(example.tail.start, 13);
  EXPECT_EQ(example.tail.end, 18);
  EXPECT_EQ(example.tail.type, "");
  EXPECT_EQ(example.label, "owns");
  EXPECT_EQ(example.marked_text, "<e1>Zoë</e1> owns ten <e2>boats</e2>.");
  EXPECT_FALSE(store.examples[1].label);
  EXPECT_EQ(beside(), std::vector<std::string>{"my-index"});
}

TEST_F(StoreFolder, SameContentGivesTheSameFiles) {
  save_store(path_, sample(3));
  const std::string first = read_file(path_ / "index.json");
  save_store(path_, sample(3));
  EXPECT_EQ(read_file(path_ / "index.json"), first);
}

TEST_F(StoreFolder, ReplacesAnIndexAnEmptyFolderAndALink) {
  fs::create_directories(path_);
  save_store(path_ / "", sample(3));
  save_store(path_, sample(5));
  EXPECT_EQ(load_store(path_).examples.size(), 5u);
  EXPECT_EQ(beside(), std::vector<std::string>{"my-index"});
  fs::create_directory_symlink(path_, folder_ / "link");
  save_store(folder_ / "link", sample(2));
  EXPECT_EQ(load_store(path_).examples.size(), 2u);
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
}

TEST_F(StoreFolder, WhatKilledProcessesLeftGoesAndWhatIsWrittenStays) {
  for (const char* name : {"my-index.123.tmp", "my-index.124.tmp", "my-index.x.tmp"}) {
    fs::create_directories(folder_ / name);
    write_file(folder_ / name / "index.faiss", "half");
  }
  const FolderLock writing(folder_ / "my-index.124.tmp");
  save_store(path_, sample(1));
  EXPECT_FALSE(fs::exists(folder_ / "my-index.123.tmp"));
  EXPECT_TRUE(fs::exists(folder_ / "my-index.124.tmp/index.faiss"));
  EXPECT_TRUE(fs::exists(folder_ / "my-index.x.tmp"));
}

TEST_F(StoreFolder, MakesParentFolders) {
  save_store(folder_ / "a/b/c", sample(1));
  EXPECT_EQ(load_store(folder_ / "a/b/c").examples.size(), 1u);
}

TEST_F(StoreFolder, ForeignFoldersStayAsTheyAre) {
  fs::create_directories(path_);
  write_file(path_ / "thesis.txt", "years of work");
  EXPECT_THAT([&] { save_store(path_, sample(3)); },
              ThrowsMessage<Error>(AllOf(HasSubstr("thesis.txt"), HasSubstr("my-index"))));
  EXPECT_EQ(read_file(path_ / "thesis.txt"), "years of work");
  fs::remove(path_ / "thesis.txt");
  write_file(path_ / "labels.json", "[]");
  EXPECT_THROW(check_store_target(path_), Error);
  write_file(path_ / "index.json", "{}");
  EXPECT_THROW(check_store_target(path_), Error);
  fs::remove_all(path_);
  write_file(path_, "a file");
  EXPECT_THAT([&] { save_store(path_, sample(3)); }, ThrowsMessage<Error>(HasSubstr("file")));
  EXPECT_EQ(beside(), std::vector<std::string>{"my-index"});
}

TEST_F(StoreFolder, FailedSaveLeavesTheOldIndex) {
  save_store(path_, sample(3));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};  // as on a full disk
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_THROW(save_store(path_, sample(1000)), Error);
  EXPECT_THROW(save_store(folder_ / "new", sample(1000)), Error);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(load_store(path_).examples.size(), 3u);
  EXPECT_EQ(beside(), std::vector<std::string>{"my-index"});
}

TEST_F(StoreFolder, WrongEmbedderIsRefused) {
  const Store store = sample(1, "all-minilm-l6-v2");
  EXPECT_NO_THROW(check_embedder(store, "another-name", std::string(64, 'a'), path_));
  EXPECT_THAT([&] { check_embedder(store, "other-one", std::string(64, 'b'), path_); },
              ThrowsMessage<Error>(AllOf(HasSubstr("all-minilm-l6-v2"), HasSubstr("other-one"),
                                         HasSubstr("my-index"))));
}

TEST_F(StoreFolder, MissingAndChangedFiles) {
  expect_refused("no index", "my-index");
  for (const std::string name : {"index.faiss", "examples.jsonl", "labels.json"}) {
    save_store(path_, sample(3));
    write_file(path_ / name, read_file(path_ / name) + "\n");
    expect_refused("cut or changed", name);
    fs::remove(path_ / name);
    expect_refused("missing", name);
    write_file(path_ / name, "");
    expect_refused("cut or changed", name);
    write_file(path_ / name, read_file(path_ / "index.json"));
  }
}

TEST_F(StoreFolder, ManifestsThatCannotBe) {
  const std::vector<std::pair<std::string, nlohmann::json>> cases = {
      {"/format", "other"},
      {"/version", 2},
      {"/version", "1"},
      {"/count", 4},
      {"/count", int64_t{1} << 60},
      {"/count", -1},
      {"/dimension", 3},
      {"/files", 7},
      {"/files/index.faiss", nullptr},
      {"/embedder", "tiny"},
      {"/embedder/hash", 1}};
  for (const auto& [pointer, value] : cases) {
    fs::remove_all(path_);
    save_store(path_, sample(3));
    change_manifest(pointer, value);
    expect_refused("", "index.json");
  }
  write_file(path_ / "index.json", std::string(100000, '['));
  expect_refused("nested", "index.json");
  write_file(path_ / "index.json", "");
  expect_refused("empty", "index.json");
}

TEST_F(StoreFolder, ForgedFilesAreStillChecked) {
  const std::string good = R"({"id":"1","text":"Zoë owns","marked_text":"",)"
                           R"("head":{"start":0,"end":3},"tail":{"start":4,"end":8}})";
  const std::vector<std::array<std::string, 3>> cases = {
      {"examples.jsonl", good + "\n" + good, "promised"},
      {"examples.jsonl", "{}", "examples.jsonl:1"},
      {"examples.jsonl", "[", "examples.jsonl:1"},
      {"examples.jsonl",
       R"({"id":"1","text":"ab","marked_text":"","head":{"start":0,"end":3},)"
       R"("tail":{"start":0,"end":1}})",
       "outside"},
      {"examples.jsonl",
       R"({"id":"1","text":"ab","marked_text":"","head":{"start":0,"end":2},)"
       R"("tail":{"start":-1,"end":1}})",
       "outside"},
      {"examples.jsonl", good.substr(0, good.size() - 1) + R"(,"label":"hates"})", "hates"},
      {"labels.json", R"(["owns","owns"])", "label 2"},
      {"labels.json", R"({"owns":1})", "list"},
      {"labels.json", R"(["Other"])", "owns"},
      {"index.faiss", "IxFI", "index.faiss"}};
  for (const auto& [name, text, word] : cases) {
    fs::remove_all(path_);
    save_store(path_, sample(3));
    forge(name, text);
    expect_refused(word, "my-index");
  }
}

}  // namespace
}  // namespace relatum::retrieve

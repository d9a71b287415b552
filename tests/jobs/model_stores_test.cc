// Models of other programs, in made-up stores: found by the names that those programs use.
#include "jobs/model_stores.h"

#include <sys/stat.h>

#include "arch/model_files.h"
#include "arch/model_name.h"
#include "base/error.h"
#include "base/hash.h"
#include "desk.h"
#include "jobs/build_index.h"
#include "jobs/retrieval.h"
#include "retrieve/embedder.h"
#include "retrieve/store.h"
#include "support/error_of.h"
#include "support/tensors.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;

constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";

class ModelStores : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    host_.models = folder_ / "own";
    host_.stores = {folder_ / "hub",
                    {folder_ / "ollama", folder_ / "system"},
                    {folder_ / "studio", folder_ / "older"}};
  }
  // A snapshot whose files are links into blobs, as in the cache.
  fs::path snapshot(const std::string& repository, const std::string& commit = kCommit) const {
    return folder_ / "hub" / repository / "snapshots" / commit;
  }
  void link_in(const fs::path& snapshot, const fs::path& file, const std::string& name) const {
    const fs::path blobs = snapshot.parent_path().parent_path() / "blobs";
    const std::string blob = sha256_file(file);
    fs::create_directories(blobs);
    fs::create_directories((snapshot / name).parent_path());
    fs::copy_file(file, blobs / blob, fs::copy_options::skip_existing);
    fs::create_symlink(fs::relative(blobs / blob, (snapshot / name).parent_path()),
                       snapshot / name);
  }
  void cache(const std::string& repository, const fs::path& folder,
             const std::string& commit = kCommit) const {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      link_in(snapshot(repository, commit), entry.path(),
              fs::relative(entry.path(), folder).string());
    }
  }
  // A manifest with these layers below HOST/NAMESPACE/NAME/TAG; each layer's blob is the tiny GGUF.
  void ollama(const std::string& manifest, const std::vector<std::string>& layers) const {
    const std::string digest = sha256_file(fixture("llama/tiny.gguf"));
    json root = {{"schemaVersion", 2}, {"layers", json::array()}};
    for (const std::string& layer : layers) {
      root["layers"].push_back(
          {{"mediaType", "application/vnd.ollama.image." + layer}, {"digest", "sha256:" + digest}});
    }
    write("ollama/manifests/" + manifest, root.dump());
    fs::create_directories(folder_ / "ollama/blobs");
    fs::copy_file(fixture("llama/tiny.gguf"), folder_ / "ollama/blobs" / ("sha256-" + digest),
                  fs::copy_options::skip_existing);
  }
  void studio(const std::string& file) const {
    fs::create_directories((folder_ / file).parent_path());
    fs::copy_file(fixture("llama/tiny.gguf"), folder_ / file);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& model : jobs::known_models("", host_)) names.push_back(model.name);
    return names;
  }
  fs::path find(const std::string& name) const { return jobs::find_model(name, "", host_); }
  std::string error(const std::string& name) const {
    return error_of([&] { find(name); });
  }
};

TEST_F(ModelStores, ThatAreNotThereHoldNothing) {
  EXPECT_TRUE(names().empty());
  host_.stores = {};
  EXPECT_TRUE(names().empty());
}

TEST_F(ModelStores, HuggingFacesCacheHasNamesOfRepositories) {
  cache("models--tiny--llama-1.1B", fixture("llama/tied"));
  write("hub/models--tiny--llama-1.1B/refs/main", std::string(kCommit) + "\n");
  cache("models--tiny--llama-1.1B", fixture("bert"), "feed");  // another revision
  cache("models--alone", fixture("bert"), "c0ffee");
  write("hub/datasets--x--y/refs/main", kCommit);
  write("hub/models--empty--one/refs/main", kCommit);
  EXPECT_THAT(names(), ElementsAre("alone", "tiny/llama-1.1B"));
  const fs::path path = find("tiny/llama-1.1B");
  EXPECT_EQ(path, snapshot("models--tiny--llama-1.1B"));
  EXPECT_EQ(arch::ModelFiles::open(path).architecture(), "llama");
  EXPECT_EQ(find("alone"), snapshot("models--alone", "c0ffee"));
  EXPECT_EQ(arch::model_name(path), "tiny/llama-1.1B");
  EXPECT_EQ(arch::model_name(path / ""), "tiny/llama-1.1B");
  EXPECT_EQ(arch::model_name(fixture("bert")), "bert");
}

// Without a main, which of two is meant nobody can tell; nor does a file lead out of the cache.
TEST_F(ModelStores, HuggingFacesCacheIsReadAsFarAsItIsClear) {
  cache("models--two--revisions", fixture("bert"), "aa");
  cache("models--two--revisions", fixture("bert"), "bb");
  const auto unclear = [&] {
    EXPECT_THAT(names(), ElementsAre("two/revisions"));
    EXPECT_THAT(error("two/revisions"),
                AllOf(HasSubstr("cannot be used"), HasSubstr("2 commits"),
                      HasSubstr(snapshot("models--two--revisions", "aa").string() + " or "),
                      HasSubstr(snapshot("models--two--revisions", "bb").string())));
  };
  unclear();
  const std::string outside = "../../../elsewhere";
  write("hub/models--two--revisions/refs/main", outside);
  fs::copy(fixture("bert"), snapshot("models--two--revisions", outside),
           fs::copy_options::recursive);
  ASSERT_TRUE(there("elsewhere/config.json"));
  unclear();
  write("hub/models--two--revisions/refs/main", "bb");
  EXPECT_EQ(find("two/revisions"), snapshot("models--two--revisions", "bb"));
}

TEST_F(ModelStores, ARepositoryWithSeveralGgufFilesIsNamedByFile) {
  const fs::path at = snapshot("models--tiny--GGUF");
  link_in(at, fixture("llama/tiny.gguf"), "tiny-q8.gguf");
  EXPECT_EQ(find("tiny/GGUF"), at / "tiny-q8.gguf");
  link_in(at, fixture("llama/tiny.gguf"), "tiny-f32.gguf");
  EXPECT_THAT(names(), ElementsAre("tiny/GGUF/tiny-f32.gguf", "tiny/GGUF/tiny-q8.gguf"));
  EXPECT_EQ(find("tiny/GGUF/tiny-f32.gguf"), at / "tiny-f32.gguf");
  EXPECT_THAT(error("tiny/GGUF"), AllOf(HasSubstr("several models"), HasSubstr("tiny-f32.gguf"),
                                        HasSubstr("tiny-q8.gguf")));
}

// Repositories of GGUF files often hold the config.json of the model that they were made of.
TEST_F(ModelStores, AConfigBesideGgufFilesIsNoModel) {
  const fs::path at = snapshot("models--tiny--GGUF");
  link_in(at, fixture("llama/tied/config.json"), "config.json");
  EXPECT_EQ(find("tiny/GGUF"), at);  // opening it says what is missing
  link_in(at, fixture("llama/tiny.gguf"), "tiny-q8.gguf");
  EXPECT_EQ(find("tiny/GGUF"), at / "tiny-q8.gguf");
  link_in(at, fixture("llama/tiny.gguf"), "tiny-f32.gguf");
  EXPECT_THAT(names(), ElementsAre("tiny/GGUF/tiny-f32.gguf", "tiny/GGUF/tiny-q8.gguf"));
  link_in(at, fixture("llama/tied/model.safetensors"), "model.safetensors");
  EXPECT_EQ(find("tiny/GGUF"), at);
  const fs::path own = folder_ / "own/both";
  fs::create_directories(own);
  fs::copy_file(fixture("llama/tied/config.json"), own / "config.json");
  fs::copy_file(fixture("llama/tiny.gguf"), own / "tiny.gguf");
  EXPECT_EQ(find("both"), own / "tiny.gguf");
}

TEST_F(ModelStores, AnExactNameCountsMoreThanAShortOne) {
  const fs::path at = snapshot("models--tiny--both");
  for (const char* name : {"a.gguf", "b.gguf"}) link_in(at, fixture("llama/tiny.gguf"), name);
  EXPECT_THAT(error("tiny/both"), HasSubstr("several models"));
  studio("studio/tiny/both/one.gguf");
  EXPECT_EQ(find("tiny/both"), folder_ / "studio/tiny/both/one.gguf");
  ollama("registry.ollama.ai/library/plain/latest", {"model"});
  EXPECT_EQ(find("plain").parent_path(), folder_ / "ollama/blobs");
  fs::create_directories(folder_ / "own");
  fs::create_symlink(fixture("bert"), folder_ / "own/plain");
  EXPECT_EQ(find("plain"), folder_ / "own/plain");
}

// An organisation is no model, even where only one of its is there.
TEST_F(ModelStores, HalfANameIsRefusedWithTheWholeOnes) {
  fs::create_directories(folder_ / "studio/someone");
  fs::create_symlink(fixture("bert"), folder_ / "studio/someone/bert");
  EXPECT_EQ(find("someone/bert"), folder_ / "studio/someone/bert");
  EXPECT_THAT(error("someone"), AllOf(HasSubstr("there is no model 'someone'"),
                                      HasSubstr("Did you mean 'someone/bert'?")));
  EXPECT_THAT(error("bert"), HasSubstr("Did you mean 'someone/bert'?"));
  ollama("registry.ollama.ai/library/llama3.2/1b", {"model"});
  ollama("registry.ollama.ai/library/llama3.2/3b", {"model"});
  EXPECT_THAT(error("llama3.2"), HasSubstr("Did you mean 'llama3.2:1b' or 'llama3.2:3b'?"));
}

TEST_F(ModelStores, AnyPartOfANameShowsTheWholeOnes) {
  const fs::path at = snapshot("models--tiny--Smol-GGUF");
  for (const char* name : {"a-q8.gguf", "b-q4.gguf"}) {
    link_in(at, fixture("llama/tiny.gguf"), name);
  }
  const std::string a = "'tiny/Smol-GGUF/a-q8.gguf'", b = "'tiny/Smol-GGUF/b-q4.gguf'";
  for (const char* part : {"Smol-GGUF", "smol"}) {
    EXPECT_THAT(error(part), HasSubstr("Did you mean " + a + " or " + b + "?")) << part;
  }
  EXPECT_THAT(error("a-q8.gguf"), HasSubstr("Did you mean " + a + "?"));
  for (const char* name : {"c", "d"}) {
    link_in(at, fixture("llama/tiny.gguf"), std::string(name) + ".gguf");
  }
  EXPECT_THAT(error("smol"), HasSubstr("It is a part of 1 name more."));
  EXPECT_THAT(error("smol"), HasSubstr("lists 4 of other programs, and which of them"));
}

TEST_F(ModelStores, OllamaHasAStoreOfTheUserAndOneOfItsService) {
  ollama("registry.ollama.ai/library/mine/latest", {"model"});
  fs::rename(folder_ / "ollama", folder_ / "system");
  EXPECT_EQ(find("mine").parent_path(), folder_ / "system/blobs");
  ollama("registry.ollama.ai/library/mine/latest", {"model"});
  EXPECT_THAT(error("mine"), AllOf(HasSubstr("several models"), HasSubstr("system/blobs"),
                                   HasSubstr("ollama/blobs"), HasSubstr("Give the path")));
  const std::string unknown = error("min");
  EXPECT_EQ(unknown.find("'mine:latest'"), unknown.rfind("'mine:latest'")) << "once: " << unknown;
}

TEST_F(ModelStores, OllamasNamesAreThoseOfItsList) {
  ollama("registry.ollama.ai/library/llama3.2/1b", {"model", "template", "license", "params"});
  ollama("registry.ollama.ai/library/llama3.2/latest", {"model"});
  ollama("registry.ollama.ai/someone/tiny/q8", {"model"});
  ollama("hub.example/a/b/latest", {"model"});
  EXPECT_THAT(names(), ElementsAre("hub.example/a/b:latest", "llama3.2:1b", "llama3.2:latest",
                                   "someone/tiny:q8"));
  const fs::path path = find("llama3.2:1b");
  EXPECT_EQ(path.parent_path(), folder_ / "ollama/blobs");
  EXPECT_EQ(arch::ModelFiles::open(path).architecture(), "llama");
  EXPECT_EQ(find("llama3.2"), find("llama3.2:latest"));
  EXPECT_EQ(find("hub.example/a/b"), path);
  EXPECT_THAT(error("llama3.2:3b"), HasSubstr("Did you mean 'llama3.2:1b'?"));
}

TEST_F(ModelStores, OllamasModelsThatCannotBeUsedAreListedAndRefused) {
  ollama("registry.ollama.ai/library/a/adapted", {"model", "adapter"});
  ollama("registry.ollama.ai/library/a/two", {"model", "model"});
  ollama("registry.ollama.ai/library/a/none", {"template"});
  write("ollama/manifests/registry.ollama.ai/library/a/cut", "{\"layers\":");
  EXPECT_EQ(names().size(), 4u);
  EXPECT_THAT(error("a:adapted"), AllOf(HasSubstr("Ollama"), HasSubstr("adapter belongs")));
  EXPECT_THAT(error("a:two"), HasSubstr("names 2 files"));
  EXPECT_THAT(error("a:none"), HasSubstr("names 0 files"));
  EXPECT_THAT(error("a:cut"), HasSubstr("a/cut"));
  ollama("registry.ollama.ai/library/a/gone", {"model"});
  fs::remove_all(folder_ / "ollama/blobs");
  EXPECT_THAT(error("a:gone"), AllOf(HasSubstr("sha256-"), HasSubstr("is missing")));
}

TEST(OllamaManifest, ADigestLeadsNowhereElse) {
  const auto with = [](const std::string& digest) {
    const json layer = {{"mediaType", "application/vnd.ollama.image.model"}, {"digest", digest}};
    const json root = {{"layers", json::array({layer})}};
    return error_of([&] { jobs::ollama_model_digest(root.dump(), "manifest"); });
  };
  EXPECT_EQ(with("sha256:" + std::string(64, 'a')), "");
  for (const std::string& digest :
       {std::string("sha256:../../../etc/passwd"), std::string(), "sha256:" + std::string(64, 'g'),
        "md5:" + std::string(64, 'a'), "sha256:" + std::string(63, 'a')}) {
    EXPECT_THAT(with(digest), HasSubstr("is no SHA-256")) << digest;
  }
}

TEST_F(ModelStores, LmStudiosFoldersHaveOrganisationAndName) {
  studio("studio/org/tiny-GGUF/tiny.Q8_0.gguf");
  studio("studio/org/tiny-GGUF/mmproj-tiny.gguf");  // sees images
  studio("older/org/pair-GGUF/a.gguf");
  studio("older/org/pair-GGUF/b.gguf");
  EXPECT_THAT(names(),
              ElementsAre("org/pair-GGUF/a.gguf", "org/pair-GGUF/b.gguf", "org/tiny-GGUF"));
  EXPECT_EQ(find("org/tiny-GGUF"), folder_ / "studio/org/tiny-GGUF/tiny.Q8_0.gguf");
  studio("older/org/tiny-GGUF/tiny.Q4_0.gguf");
  EXPECT_THAT(error("org/tiny-GGUF"), AllOf(HasSubstr("several models"), HasSubstr("LM Studio"),
                                            HasSubstr("Q4_0"), HasSubstr("Q8_0")));
}

TEST_F(ModelStores, OneNameInTwoPlacesIsRefusedWithBoth) {
  cache("models--tiny", fixture("bert"));
  EXPECT_EQ(find("tiny"), snapshot("models--tiny"));
  fs::create_directories(folder_ / "own");
  fs::create_symlink(fixture("bert"), folder_ / "own/tiny");
  EXPECT_THAT(error("tiny"), AllOf(HasSubstr("several models"), HasSubstr("own/tiny"),
                                   HasSubstr("Hugging Face's cache")));
  // A folder that is named counts alone.
  EXPECT_EQ(jobs::find_model("tiny", path("own"), host_), folder_ / "own/tiny");
}

// The index's embedder is looked for under its repository's name, not its commit's.
TEST_F(ModelStores, AnIndexFindsItsEmbedderInTheCacheAgain) {
  cache("models--tiny--bert", fixture("bert"));
  jobs::IndexOptions index;
  index.input = path("rows.jsonl");
  index.embedder = find("tiny/bert");
  index.out = path("index");
  ASSERT_TRUE(jobs::build_index(index, host_));
  EXPECT_EQ(retrieve::load_store(index.out).embedder.name, "tiny/bert");
  EXPECT_NO_THROW(jobs::Retrieval(index.out, "", "", host_));
  EXPECT_EQ(retrieve::Embedder(index.embedder).name(), "tiny/bert");
}

// They belong to others: looking changes nothing there.
TEST_F(ModelStores, NothingIsWrittenInThem) {
  cache("models--tiny--bert", fixture("bert"));
  ollama("registry.ollama.ai/library/tiny/latest", {"model"});
  std::vector<fs::path> folders;
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
    if (entry.is_directory() && !entry.is_symlink()) folders.push_back(entry.path());
  }
  for (const fs::path& folder : folders) fs::permissions(folder, fs::perms(0500));
  std::string before, after;
  const auto listed = [&] {
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      struct stat facts {};
      ::lstat(entry.path().c_str(), &facts);
      text += entry.path().string() + " " + std::to_string(facts.st_mtim.tv_nsec) + "\n";
    }
    return text;
  };
  before = listed();
  EXPECT_EQ(names().size(), 2u);
  find("tiny/bert");
  find("tiny");
  EXPECT_EQ(listed(), before);
  for (const fs::path& folder : folders) fs::permissions(folder, fs::perms(0700));
}

}  // namespace
}  // namespace relatum::testing

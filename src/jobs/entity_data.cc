// Documents, then types, then sentences and words.
#include "jobs/entity_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/counted.h"
#include "base/error.h"
#include "base/rng.h"
#include "graph/sentences.h"

namespace relatum::jobs {
namespace {

[[noreturn]] void refuse(const std::string& sentence) { fail("jobs.entities", sentence); }

struct Read {
  std::vector<task::Document> documents;
  task::Dataset data;
};

Read read_all(const EntitySource& source, bool main, const DataChoice& choice, const Host& host) {
  Read read;
  task::LoadOptions options = choice.options(main, host);
  options.keep_unknown_labels = true;  // of relations
  const task::Spec spec = task::parse_spec(main ? source.train : source.dev);
  read.data = task::read_documents(spec, options, [&](task::Document&& document) {
    read.documents.push_back(std::move(document));
  });
  tell_data(read.data, false, host.context);
  for (const task::Document& document : read.documents) {
    if (!document.pair) continue;
    refuse(
        fmt::format("{}:{}: the row marks one pair, not all entities of its text, so nothing in it "
                    "says {}. Use documents with all entities (docs/entities.md), or write "
                    "?entities=marked behind the file where these are all that matter{}.",
                    read.data.file, document.line,
                    source.to_find ? "what is no entity" : "which pairs its sentences have",
                    source.to_find ? "" : ", or leave --pairs out"));
  }
  return read;
}

// What is wrong with entities of one data set, by its kind.
class Complaints {
 public:
  void add(const char* what, const EntityDocument& document, const task::Entity& entity) {
    Kind& kind = kinds_[what];
    if (++kind.count == 1) {
      kind.first = fmt::format("'{}' of document '{}' ({})", entity.id, document.id,
                               document.place);
    }
  }
  // `consequence`: what becomes of them.
  void tell(const std::string& name, const char* consequence, const Context& context) const {
    for (const auto& [what, kind] : kinds_) {
      context.warn(fmt::format("{}: {} {} {}, such as {}.", name,
                               counted(kind.count, "entity", "entities"), what, consequence,
                               kind.first));
    }
  }

 private:
  struct Kind {
    int64_t count = 0;
    std::string first;
  };
  std::map<std::string, Kind> kinds_;
};

class Cutter {
 public:
  explicit Cutter(const task::Labels& types) : types_(types) {}

  EntityDocument cut(task::Document&& document, const std::string& file) {
    EntityDocument result;
    result.id = std::move(document.id);
    result.text = std::move(document.text);
    const std::string& own = document.file.empty() ? file : document.file;
    result.place = document.line ? fmt::format("{}:{}", own, document.line) : own;
    std::ranges::stable_sort(document.entities, {}, [](const task::Entity& entity) {
      return std::pair(entity.span.start, entity.span.end);
    });
    std::vector<task::Piece> spans;
    for (const task::Entity& entity : document.entities) {
      spans.push_back({entity.span.start, entity.span.end});
      const auto type = types_.find(type_of(entity.span));
      result.marked.push_back({spans.back(), type ? int32_t(*type) : -1});
    }
    std::ranges::sort(result.marked);
    result.marked.erase(std::unique(result.marked.begin(), result.marked.end()),
                        result.marked.end());
    result.sentences = joined_across(splitter_.split(result.text), spans);
    size_t sentence = 0;
    for (WordRun& words : word_runs(result.text, result.sentences)) {
      while (result.sentences[sentence].end <= words[0].start) ++sentence;
      result.texts.push_back({result.sentences[sentence], std::move(words), {}});
    }
    for (const task::Entity& entity : document.entities) place(entity, result);
    for (const EntityText& text : result.texts) count(text.entities);
    result.entities = std::move(document.entities);
    result.relations = std::move(document.relations);
    result.unlabelled = document.unlabelled;
    result.file = std::move(document.file);
    result.line = document.line;
    result.row = document.row;
    return result;
  }

  int64_t longest() const { return longest_; }
  int64_t entities() const { return entities_; }
  // Share of the entities that overlap another.
  double overlapping() const { return entities_ ? double(overlapping_) / double(entities_) : 0; }
  const Complaints& complaints() const { return complaints_; }

 private:
  // Gives the entity to the text whose words it begins and ends with.
  void place(const task::Entity& entity, EntityDocument& document) {
    const auto type = types_.find(type_of(entity.span));
    if (!type) return;  // of dev data; told elsewhere
    const int64_t start = entity.span.start, end = entity.span.end;
    const auto text = std::ranges::upper_bound(
        document.texts, start, {}, [](const EntityText& each) { return each.words[0].start; });
    const auto missed = [&](const char* what) { complaints_.add(what, document, entity); };
    if (text == document.texts.begin()) return missed(kInside);
    EntityText& own = *std::prev(text);
    const auto first = std::ranges::find(own.words, start, &WordPlace::start);
    const auto last = std::ranges::find(own.words, end, &WordPlace::end);
    if (first == own.words.end() || last == own.words.end()) return missed(kInside);
    const WordEntity found{int32_t(first - own.words.begin()), int32_t(last - own.words.begin()),
                           int32_t(*type)};
    const int64_t words = found.last - found.first + 1;
    if (words > kMostEntityWords) return missed(kLong);
    for (const WordEntity& other : own.entities) {
      if (other.first == found.first && other.last == found.last) {
        if (other.type != found.type) missed(kSecond);
        return;
      }
    }
    longest_ = std::max(longest_, words);
    own.entities.push_back(found);
  }

  void count(const std::vector<WordEntity>& entities) {
    for (const WordEntity& each : entities) {
      ++entities_;
      overlapping_ += std::ranges::any_of(entities, [&](const WordEntity& other) {
        return &other != &each && other.first <= each.last && each.first <= other.last;
      });
    }
  }

  static constexpr const char* kInside = "with an edge elsewhere than a word of its sentence";
  static constexpr const char* kLong = "of more than 20 words";
  static constexpr const char* kSecond = "whose span has another type already";
  static_assert(kMostEntityWords == 20);

  const task::Labels& types_;
  graph::SentenceSplitter splitter_{graph::SentenceRules{}};
  int64_t longest_ = 1;
  int64_t entities_ = 0, overlapping_ = 0;
  Complaints complaints_;
};

// Documents of one text stay together, as those that are held out are not to be seen.
std::vector<task::Document> hold_out(std::vector<task::Document>& documents,
                                     const EntitySource& source) {
  constexpr uint64_t kStream = 0xe2717;
  const auto total = int64_t(documents.size());
  if (source.holdout >= total) {
    refuse(
        fmt::format("cannot hold out {} of {}: expected fewer than all. Choose another "
                    "--holdout.",
                    source.holdout, counted(total, "document")));
  }
  std::map<std::string, std::vector<size_t>> by_text;
  for (size_t i = 0; i < documents.size(); ++i) by_text[documents[i].text].push_back(i);
  std::vector<std::vector<size_t>> groups;
  for (auto& [text, group] : by_text) groups.push_back(std::move(group));
  std::ranges::sort(groups);  // by the data's order, not the texts'
  Rng(source.seed, kStream).shuffle(groups);
  std::set<size_t> held;
  for (const auto& group : groups) {
    if (int64_t(held.size() + group.size()) > source.holdout) continue;
    held.insert(group.begin(), group.end());
  }
  if (held.empty()) {
    refuse(fmt::format(
        "cannot hold out {}: documents of one text stay together, and the fewest of one "
        "text are more. Choose another --holdout.",
        counted(source.holdout, "document")));
  }
  std::vector<task::Document> taken, kept;
  for (size_t i = 0; i < documents.size(); ++i) {
    (held.contains(i) ? taken : kept).push_back(std::move(documents[i]));
  }
  documents = std::move(kept);
  return taken;
}

void tell_untrained(const std::vector<task::Document>& dev, const task::Labels& types,
                    const std::string& name, const Context& context) {
  std::set<std::string> unknown;
  int64_t count = 0;
  for (const task::Document& document : dev) {
    for (const task::Entity& entity : document.entities) {
      if (types.find(type_of(entity.span))) continue;
      unknown.insert(type_of(entity.span));
      ++count;
    }
  }
  if (unknown.empty()) return;
  context.warn(
      fmt::format("{}: no training entity has the type '{}'{} ({} in dev); they count as "
                  "missed in the dev figures all the same.",
                  name, *unknown.begin(),
                  unknown.size() > 1 ? fmt::format(" or {} more", unknown.size() - 1) : "", count));
}

}  // namespace

std::string type_of(const task::Span& span) { return span.type.empty() ? kUntyped : span.type; }

EntityData load_entity_data(const EntitySource& source, const DataChoice& choice,
                            const Host& host) {
  Read train = read_all(source, true, choice, host), dev{{}, train.data};
  if (!source.dev.empty()) {
    dev = read_all(source, false, choice, host);
  } else if (source.holdout > 0) {
    dev.documents = hold_out(train.documents, source);
  }
  EntityData data;
  for (const task::Document& document : train.documents) {
    for (const task::Entity& entity : document.entities) data.types.add(type_of(entity.span));
  }
  if (data.types.empty()) {
    refuse(
        fmt::format("{}: no entity is marked in it. Use documents whose entities are "
                    "marked (docs/entities.md).",
                    train.data.name));
  }
  if (source.to_find) tell_untrained(dev.documents, data.types, dev.data.name, host.context);
  Cutter training(data.types), judging(data.types);
  for (task::Document& document : train.documents) {
    data.train.push_back(training.cut(std::move(document), train.data.file));
  }
  for (task::Document& document : dev.documents) {
    data.dev.push_back(judging.cut(std::move(document), dev.data.file));
  }
  if (source.to_find) {
    training.complaints().tell(train.data.name, "cannot be learned", host.context);
    judging.complaints().tell(dev.data.name, "cannot be found", host.context);
  }
  if (source.to_find && training.entities() == 0) {
    refuse(
        fmt::format("{}: none of its entities begins and ends with words of its text, so there is "
                    "nothing to learn. Look at their offsets with `relatum data`.",
                    train.data.name));
  }
  data.longest = training.longest();
  data.overlapping = training.overlapping();
  data.overlap = data.overlapping >= kOverlapShare;
  data.train_data = std::move(train.data);
  data.dev_data = std::move(dev.data);
  return data;
}

}  // namespace relatum::jobs

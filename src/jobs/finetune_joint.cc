// Documents to pairs, as a graph asks them.
#include "jobs/finetune_joint.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "jobs/finetune_classifier.h"
#include "jobs/graph_pairs.h"
#include "task/error_kinds.h"

namespace relatum::jobs {
namespace {

[[noreturn]] void refuse(const std::string& sentence) { fail("jobs.finetune", sentence); }

// What relations say of a document's pairs, by places of its entities.
class Related {
 public:
  // What is marked with the negative label is no relation.
  Related(const EntityDocument& document, const std::string& negative) : document_(document) {
    std::map<std::string, size_t> places;
    for (size_t i = 0; i < document.entities.size(); ++i) places[document.entities[i].id] = i;
    for (const task::Relation& each : document.relations) {
      if (each.label == negative) continue;
      const std::pair ends{places.at(each.head), places.at(each.tail)};
      labels_[ends].push_back(each.label);
      things_.insert({thing(ends.first), thing(ends.second)});
    }
  }

  const std::vector<std::string>* of(size_t head, size_t tail) const {
    const auto at = labels_.find({head, tail});
    return at == labels_.end() ? nullptr : &at->second;
  }
  // Whether something is said of other mentions of the same two things, or they are one.
  bool of_others(size_t head, size_t tail) const {
    const std::string a = thing(head), b = thing(tail);
    return a == b || things_.contains({a, b});
  }
  size_t pairs() const { return labels_.size(); }
  // The ordered pairs with a relation that were not asked; `once`: asked one way round.
  std::vector<std::pair<size_t, size_t>> left_out(std::span<const AskedPair> asked,
                                                  bool once) const {
    std::set<std::pair<size_t, size_t>> known;
    for (const AskedPair& pair : asked) {
      known.insert({pair.head, pair.tail});
      if (once) known.insert({pair.tail, pair.head});
    }
    std::vector<std::pair<size_t, size_t>> left;
    for (const auto& [ends, labels] : labels_) {
      if (!known.contains(ends)) left.push_back(ends);
    }
    return left;
  }

 private:
  std::string thing(size_t entity) const {
    const std::string& cluster = document_.entities[entity].cluster;
    return cluster.empty() ? fmt::format("entity {}", entity) : "cluster " + cluster;
  }
  const EntityDocument& document_;
  std::map<std::pair<size_t, size_t>, std::vector<std::string>> labels_;
  std::set<std::pair<std::string, std::string>> things_;
};

// Why pairs with a relation are not asked, behind their number.
std::string said_of(NotAsked reason, int64_t count, int64_t most_pairs) {
  const bool one = count == 1;
  switch (reason) {
    case NotAsked::kNoWindow:
      return one ? "has no sentence with both ends" : "have no sentence with both ends";
    case NotAsked::kOne:
      return one ? "has ends of one span or name" : "have ends of one span or name";
    case NotAsked::kTypes:
      return fmt::format("{} of types that have no relation in the training data",
                         one ? "is" : "are");
    case NotAsked::kTooFar:
    case NotAsked::kBeyond: break;
  }
  return fmt::format("{} beyond the nearest {} of {} sentence", one ? "is" : "are",
                     counted(most_pairs, "pair"), one ? "its" : "their");
}

// What one data set's documents came to.
struct Counts {
  struct Kind {
    int64_t count = 0;
    std::string first;
  };
  std::map<NotAsked, Kind> not_asked;  // pairs with a relation
  bool pairs_alone = false;
  int64_t related = 0, unlabelled = 0;
  std::string first_unlabelled;

  void leave_out(NotAsked reason, const std::string& document) {
    Kind& kind = not_asked[reason];
    if (++kind.count == 1) kind.first = document;
  }

  void tell(const std::string& name, int64_t most_pairs, const Context& context) const {
    std::string reasons;
    int64_t all = 0;
    for (const auto& [reason, kind] : not_asked) {
      all += kind.count;
      reasons += fmt::format("{}{} {}, such as one of {}", reasons.empty() ? ": " : "; ",
                             kind.count, said_of(reason, kind.count, most_pairs), kind.first);
    }
    if (all) {
      context.warn(fmt::format("{}: of {} with a relation {} {} not asked{}.", name,
                               counted(related, "pair"), all, all == 1 ? "is" : "are", reasons));
    }
    if (unlabelled) {
      context.warn(fmt::format(
          "{}: nobody said which relations {} {}, such as {}: {} taken from {}.", name,
          counted(unlabelled, "document"), unlabelled == 1 ? "has" : "have", first_unlabelled,
          pairs_alone ? "nothing is" : "only entities are", unlabelled == 1 ? "it" : "them"));
    }
  }
};

graph::DocumentResult as_result(const EntityDocument& document) {
  graph::DocumentResult result;
  result.id = document.id;
  result.text = document.text;
  result.sentences = document.sentences;
  const CodePoints points(result.text);
  for (const task::Entity& each : document.entities) {
    const graph::Stretch span{each.span.start, each.span.end};
    result.mentions.push_back(
        {span, type_of(each.span), 1, std::string(points.slice(span.start, span.end))});
  }
  return result;
}

class Pairs {
 public:
  Pairs(GraphPairRules rules, std::string negative)
      : once_(asked_once(rules.labels)), negative_(std::move(negative)), pairs_(std::move(rules)) {}

  void add(const EntityDocument& document, std::vector<task::Example>& examples, Counts& counts) {
    const std::string name = fmt::format("document '{}' ({})", document.id, document.place);
    if (document.unlabelled) {
      if (++counts.unlabelled == 1) counts.first_unlabelled = name;
      return;
    }
    const Related related(document, negative_);
    counts.related += int64_t(related.pairs());
    std::vector<AskedPair> asked;
    const OpenDocument open(as_result(document));
    pairs_.add(open.result, 0, asked);
    size_t used = 0;
    for (const AskedPair& pair : asked) {
      task::Example example = pairs_.example(open, pair);
      used += label(related, pair, example);
      if (!example.label) continue;
      example.id = fmt::format("{}:{}:{}", document.id, document.entities[pair.head].id,
                               document.entities[pair.tail].id);
      example.document = document.id;
      example.line = document.line;
      example.row = document.row;
      example.file = document.file;
      examples.push_back(std::move(example));
    }
    if (used >= related.pairs()) return;
    const auto left = related.left_out(asked, once_);
    for (const NotAsked reason : pairs_.why_not(open.result, left)) counts.leave_out(reason, name);
  }
  int64_t most_pairs() const { return pairs_.most_pairs(); }

 private:
  // Gives the pair its labels, or the negative one, or none where others of its mentions are
  // related; how many related pairs that used.
  size_t label(const Related& related, const AskedPair& pair, task::Example& example) const {
    size_t used = 0;
    if (const auto* labels = related.of(pair.head, pair.tail)) {
      for (const std::string& each : *labels) task::add_gold_label(example, each);
      ++used;
    }
    const auto* other = once_ ? related.of(pair.tail, pair.head) : nullptr;
    if (other) {
      for (const std::string& each : *other) {
        task::add_gold_label(example, task::turned_label(each));
      }
      ++used;
    }
    const bool doubtful = related.of_others(pair.head, pair.tail) ||
                          (once_ && related.of_others(pair.tail, pair.head));
    if (!used && !doubtful) example.label = negative_;
    return used;
  }

  bool once_;
  std::string negative_;
  GraphPairs pairs_;
};

task::Dataset without_examples(const task::Dataset& read) {
  task::Dataset data = read;
  data.examples.clear();
  data.count = 0;
  return data;
}

// The label of pairs without a relation: the one that is named, the usual one, or one of our own.
std::string settle_negative(const FinetuneOptions& o, task::Labels& labels) {
  const std::string named = o.negative.value_or(task::parse_spec(o.train).negative);
  const std::string negative = named.empty() ? task::negative_label(labels).value_or(kNoRelation)
                                             : named;
  if (!labels.find(negative)) labels.add(negative);
  return negative;
}

// Where pairs are asked once, in the order of the text, a relation whose head stands second is
// answered by its turned label.
void add_turned_labels(const EntityData& entities, const std::string& negative,
                       task::Dataset& data) {
  if (!asked_once(data.labels)) return;
  for (const EntityDocument& document : entities.train) {
    std::map<std::string, std::pair<int64_t, int64_t>> spans;
    for (const task::Entity& each : document.entities) {
      spans[each.id] = {each.span.start, each.span.end};
    }
    for (const task::Relation& each : document.relations) {
      if (each.label == negative || spans.at(each.head) <= spans.at(each.tail)) continue;
      const std::string label = task::turned_label(each.label);
      if (data.labels.find(label)) continue;
      if (!data.open_labels) {
        refuse(
            fmt::format("{}: document '{}' has '{}' from an entity to one that stands before it, "
                        "and as other labels name their direction, that is the label '{}', which "
                        "--labels lacks. Add it to the list.",
                        document.place, document.id, each.label, label));
      }
      data.labels.add(label);
    }
  }
}

// Names that say the same of a pair, which a model has to tell apart all the same.
void tell_both_forms(const task::Labels& labels, const Context& context) {
  for (const std::string& label : labels.names()) {
    const task::DirectedLabel split = task::split_direction(label);
    const std::string plain(split.relation);
    if (!split.directed || split.reversed || !labels.find(plain)) continue;
    context.warn(fmt::format(
        "labels '{}' and '{}' say the same of a pair, which goes from its head to its tail, and "
        "count as two labels. Use one of them.",
        printable_start(plain), printable_start(label)));
  }
}

// Rows that teach which pairs may have a relation: all of the training data, and of these the ones
// whose types allow one.
void make_train(FinetuneData& data, const GraphPairRules& rules, const std::string& negative,
                Counts counts, const Context& context) {
  Pairs all(rules, negative);
  for (const EntityDocument& each : data.entities->train) {
    all.add(each, data.train.examples, counts);
  }
  data.types = task::learn_types(data.train.examples);
  counts.tell(data.train.name, all.most_pairs(), context);
  const auto positive = [&](const task::Example& example) { return example.label != negative; };
  if (std::ranges::none_of(data.train.examples, positive)) {
    refuse(
        fmt::format("{}: no pair of entities in a sentence has a relation. Use {}documents with "
                    "relations (docs/your-data.md).",
                    data.train.name, counts.pairs_alone ? "" : "--task entities, or "));
  }
  std::erase_if(data.train.examples, [&](const task::Example& example) {
    const auto mask = data.types->mask(example, rules.labels, negative);
    for (size_t i = 0; i < mask.size(); ++i) {
      if (mask[i] && rules.labels.name(int64_t(i)) != negative) return false;
    }
    return !mask.empty();
  });
}

}  // namespace

bool learns_both(const FinetuneOptions& options) { return options.task == "joint"; }

namespace {

// Refuses options that are given; `why` has a place for the flag.
void refuse_given(std::initializer_list<std::pair<bool, const char*>> options, const char* why) {
  for (const auto& [given, flag] : options) {
    if (given) refuse(fmt::format(fmt::runtime(why), flag));
  }
}

// What neither a run that learns both nor one that learns the pairs of sentences knows.
void refuse_of_rows(const FinetuneOptions& o, const char* why) {
  refuse_given({{!o.index.empty(), "--index"},
                {!o.data.relabel.empty(), "--relabel"},
                {o.folds > 0, "--folds"}},
               why);
}

void refuse_window(const FinetuneOptions& o, const char* flag) {
  for (const std::string& each : {o.train, o.dev}) {
    if (each.empty() || !task::parse_spec(each).window) continue;
    refuse(
        fmt::format("{}: window= cuts a text for each pair, and with {} that text is the sentence. "
                    "Leave one of them out.",
                    each, flag));
  }
}

}  // namespace

void check_joint(const FinetuneOptions& o) {
  refuse_of_rows(o,
                 "{} is for relations alone, and --task joint learns to find entities, too. Leave "
                 "one of them out.");
  refuse_window(o, "--task joint");
  if (!classifies(o)) return;
  refuse_given({{!o.prompt.empty(), "--prompt"},
                {o.chat, "--chat"},
                {lists_anew(o), "--label-list"},
                {!o.save_modules.empty(), "--save-modules"},
                {!o.init_adapter.empty(), "--init-adapter"},
                {o.negatives.has_value(), "--negatives"}},
               "{} is for models that answer pair by pair, and --task joint with --head "
               "classifier, as all encoders have it, reads a sentence with all its pairs at once. "
               "Leave it out.");
}

bool learns_sentences(const FinetuneOptions& o) {
  return o.task == "relations" && o.pairs == "sentences";
}

void check_pairs(const FinetuneOptions& o) {
  if (o.task != "relations" && (o.pairs != FinetuneOptions{}.pairs || o.words.contains("pairs"))) {
    refuse(fmt::format("--pairs is for --task relations, and --task {}. Leave --pairs out.",
                       learns_both(o) ? "joint takes the pairs of sentences without it"
                                      : "entities learns no pairs"));
  }
  if (!learns_sentences(o)) return;
  refuse_of_rows(o,
                 "{} is for rows of pairs, and --pairs sentences takes documents. Leave one of "
                 "them out.");
  refuse_window(o, "--pairs sentences");
}

FinetuneData load_joint(const FinetuneOptions& options, const Host& host) {
  FinetuneData data;
  Counts counts;
  counts.pairs_alone = learns_sentences(options);
  data.entities = load_entity_data(
      {options.train, options.dev, options.holdout, options.training.seed, !counts.pairs_alone},
      options.data, host);
  data.train = without_examples(data.entities->train_data);
  data.dev = without_examples(data.entities->dev_data);
  const std::string negative = settle_negative(options, data.train.labels);
  add_turned_labels(*data.entities, negative, data.train);
  tell_both_forms(data.train.labels, host.context);
  GraphPairRules rules;
  rules.labels = data.train.labels;
  rules.negative = data.train.labels.find(negative);
  make_train(data, rules, negative, counts, host.context);
  if (!data.types->empty()) rules.types = data.types;
  Pairs judged(std::move(rules), negative);
  for (const EntityDocument& each : data.entities->dev) {
    judged.add(each, data.dev.examples, counts);
  }
  counts.tell(data.dev.name, judged.most_pairs(), host.context);
  if (counts.pairs_alone) data.entities.reset();
  return data;
}

int64_t SentenceGroups::of(const std::string& document, std::string_view sentence) {
  return groups_.try_emplace({document, on_one_line(sentence)}, int64_t(groups_.size()))
      .first->second;
}

}  // namespace relatum::jobs

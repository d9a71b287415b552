// Each document by itself: no model, so nothing is gained by several together.
#include "graph/list_finders.h"

#include <utility>

namespace relatum::graph {
namespace {

class GazetteerFinder : public EntityFinder {
 public:
  GazetteerFinder(Gazetteer gazetteer, std::string identity)
      : gazetteer_(std::move(gazetteer)), identity_(std::move(identity)) {}

  std::vector<Mentions> find(std::span<const DocumentView> documents,
                             const Context& context) override {
    std::vector<Mentions> all;
    for (const DocumentView& document : documents) {
      if (context.stopping()) break;
      Mentions& mentions = all.emplace_back();
      for (const GazetteerMatch& match : gazetteer_.find(document.text)) {
        mentions.push_back({match.span, std::string(match.type), 1, std::string(match.text),
                            std::string(match.id)});
      }
      mentions = joined(std::move(mentions));
    }
    return all;
  }
  std::string identity() const override { return identity_; }

 private:
  Gazetteer gazetteer_;
  std::string identity_;
};

class GivenFinder : public EntityFinder {
 public:
  std::vector<Mentions> find(std::span<const DocumentView> documents, const Context&) override {
    std::vector<Mentions> all;
    for (const DocumentView& document : documents) {
      all.push_back(joined(Mentions(document.given.begin(), document.given.end())));
    }
    return all;
  }
  std::string identity() const override { return "given"; }
};

}  // namespace

std::unique_ptr<EntityFinder> gazetteer_finder(Gazetteer gazetteer, std::string identity) {
  return std::make_unique<GazetteerFinder>(std::move(gazetteer), std::move(identity));
}

std::unique_ptr<EntityFinder> given_finder() { return std::make_unique<GivenFinder>(); }

}  // namespace relatum::graph

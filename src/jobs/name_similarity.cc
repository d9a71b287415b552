// Type by type: texts to vectors, vectors to neighbours.
#include "jobs/name_similarity.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jobs/extract_blocks.h"
#include "retrieve/embedder.h"
#include "retrieve/index.h"

namespace relatum::jobs {
namespace {

std::map<std::string, std::vector<size_t>> by_type(std::span<const graph::Name> names) {
  std::map<std::string, std::vector<size_t>> places;
  for (size_t i = 0; i < names.size(); ++i) places[names[i].type].push_back(i);
  return places;
}

}  // namespace

graph::NameSimilarity name_similarity(const std::filesystem::path& folder, double least,
                                      const Context& context) {
  const auto embedder = std::make_shared<retrieve::Embedder>(folder);
  embedder->check_search();
  return [embedder, least, context](std::span<const graph::Name> names) {
    std::vector<graph::SimilarNames> similar;
    for (const auto& [type, places] : by_type(names)) {
      if (places.size() < 2) continue;
      std::vector<std::string> texts;
      for (const size_t place : places) texts.push_back(names[place].text);
      const Matrix<float> rows = embedder->embed(texts, context, {.for_search = true});
      if (rows.rows() < int64_t(texts.size())) throw Stopped{};
      retrieve::Index index(embedder->dimension());
      index.add(rows.view());
      const auto near = index.search(rows.view(), kSimilarNames + 1);  // itself among them
      for (size_t i = 0; i < near.size(); ++i) {
        for (const retrieve::Neighbour& each : near[i]) {
          const auto other = size_t(each.row);
          if (other == i || double(each.similarity) < least) continue;
          similar.push_back(
              {places[std::min(i, other)], places[std::max(i, other)], double(each.similarity)});
        }
      }
    }
    return similar;
  };
}

}  // namespace relatum::jobs

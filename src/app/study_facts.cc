// As the run itself settles them.
#include "app/study_facts.h"

#include <fmt/format.h>

#include "jobs/finetune_classifier.h"
#include "jobs/finetune_method.h"

namespace relatum::app {

void settle_facts(const jobs::FinetuneOptions& given, const jobs::Host& host,
                  jobs::StageFacts& facts) {
  jobs::FinetuneOptions options = given;
  jobs::settle_classifier(options, options.model.path(host));
  facts.settings["lr"] = fmt::format("{}", jobs::learning_rate(options));
  if (!jobs::trains_all(options)) return;
  facts.settings["method"] = options.method;
  for (const char* flag : {"rank", "alpha", "dropout", "targets", "lora-plus", "init"}) {
    facts.settings.erase(flag);
  }
}

}  // namespace relatum::app

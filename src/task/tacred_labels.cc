// TACRED's label sets, as its releases and patches use them.
#include "task/tacred_labels.h"

namespace relatum::task {

const std::vector<std::string>& tacred_labels() {
  static const std::vector<std::string> labels = {
      "no_relation", "org:alternate_names", "org:city_of_headquarters",
      "org:country_of_headquarters", "org:dissolved", "org:founded", "org:founded_by",
      "org:member_of", "org:members", "org:number_of_employees/members", "org:parents",
      "org:political/religious_affiliation", "org:shareholders",
      "org:stateorprovince_of_headquarters", "org:subsidiaries", "org:top_members/employees",
      "org:website", "per:age", "per:alternate_names", "per:cause_of_death", "per:charges",
      "per:children", "per:cities_of_residence", "per:city_of_birth", "per:city_of_death",
      "per:countries_of_residence", "per:country_of_birth", "per:country_of_death",
      "per:date_of_birth", "per:date_of_death", "per:employee_of", "per:origin",
      "per:other_family", "per:parents", "per:religion", "per:schools_attended", "per:siblings",
      "per:spouse", "per:stateorprovince_of_birth", "per:stateorprovince_of_death",
      "per:stateorprovinces_of_residence", "per:title"};
  return labels;
}

const std::vector<std::string>& retacred_labels() {
  static const std::vector<std::string> labels = {
      "no_relation", "org:alternate_names", "org:city_of_branch", "org:country_of_branch",
      "org:dissolved", "org:founded", "org:founded_by", "org:member_of", "org:members",
      "org:number_of_employees/members", "org:political/religious_affiliation",
      "org:shareholders", "org:stateorprovince_of_branch", "org:top_members/employees",
      "org:website", "per:age", "per:cause_of_death", "per:charges", "per:children",
      "per:cities_of_residence", "per:city_of_birth", "per:city_of_death",
      "per:countries_of_residence", "per:country_of_birth", "per:country_of_death",
      "per:date_of_birth", "per:date_of_death", "per:employee_of", "per:identity", "per:origin",
      "per:other_family", "per:parents", "per:religion", "per:schools_attended", "per:siblings",
      "per:spouse", "per:stateorprovince_of_birth", "per:stateorprovince_of_death",
      "per:stateorprovinces_of_residence", "per:title"};
  return labels;
}

}  // namespace relatum::task

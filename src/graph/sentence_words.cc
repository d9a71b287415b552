// The words themselves, each list separated by blanks.
#include "graph/sentence_words.h"

#include <algorithm>
#include <string>
#include <unordered_set>

namespace relatum::graph {

using Words = std::unordered_set<std::string_view>;

struct LanguageWords {
  Words title, number, inside, may_end, begins, speaks, labels;
};

namespace {

Words words_of(std::string_view list) {
  Words words;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(' ', at), list.size());
    if (end > at) words.insert(list.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

const LanguageWords& english() {
  static const LanguageWords words = {
      words_of("Mr Mrs Ms Mx Messrs Mmes Dr Drs Prof Profs Rev Revd Fr Hon Gen Lt Col Maj Capt "
               "Cpt Cmdr Cdr Sgt Cpl Pvt Adm Brig Sen Sens Rep Reps Gov Govs Pres Supt Insp "
               "Det Atty Amb Mt Ft Sra Mme Mlle Bros Msgr Pte Pfc"),
      words_of("No Nos no nos Nr Fig Figs fig figs Eq Eqs eq Sec Secs sec Sect Ch Chap chap "
               "Vol Vols vol vols Art art Par par Para p pp P Pp Op op Ex Exh Tab Pt pt Pl Bd "
               "Sess Stat approx Approx ca c circa est Tel tel ext Ext Rm Apt apt Ste Bldg Rte "
               "Hwy Pub ver Ver fol ff"),
      words_of("e.g i.e cf Cf viz vs v et resp incl excl a.k.a aka w.r.t E.g I.e"),
      words_of("Inc Incs Ltd Co Cos Corp Corps LLC Plc plc PLC Pty S.A S.p.A N.V B.V A.G Jr Sr "
               "Snr Jnr Esq etc al ed eds Ed Eds a.m p.m A.M P.M U.S U.K U.N E.U U.S.A U.S.S.R "
               "D.C B.C A.D Ph.D M.D B.A M.A B.S M.S LL.B LL.M M.B.A Ph.Ds Jan Feb Mar Apr Jun "
               "Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun Ave "
               "Av Blvd Rd St Sts Ln Sq Ter Dept Depts Univ Assn Assoc Inst Intl Natl Govt Mfg "
               "Mgr Dist Div Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Md Mich "
               "Minn Miss Mo Mont Neb Nev Okla Ore Pa Tenn Tex Va Vt Wash Wis Wyo Que Ont ft "
               "lb lbs oz hr hrs min mins secs yr yrs km kg cm mm mi mph dept misc orig "
               "abbr repr"),
      words_of("The A An He She It They We I You In On At But And However This That These "
               "Those His Her Its Their Our My Your There Here When After Before While If As "
               "For With From By To No Not What Who Why How Where Which Whose Some Many Most "
               "All Both Each Every Then Later Today Yesterday Tomorrow Since Although Though "
               "Because Meanwhile So Yet One Two Three Four Five Six Several Few Another Other "
               "Others Such Under Over Until During Despite Unlike Like Among Between Within "
               "Without Through Even Only Also Once Now Soon Still Again Instead Moreover "
               "Furthermore Therefore Thus Hence Nevertheless Nonetheless Otherwise Besides "
               "Finally First Second Third Next Last Earlier Perhaps Maybe Nobody Nothing None "
               "Everyone Everybody Anyone Something Someone Whether Whatever Or Nor Do Does "
               "Did Is Are Was Were Has Have Had Can Could Will Would Should May Might Must "
               "Let Please See According Given Having Being Just Yes It's He's She's I'm We're "
               "They're That's There's Don't Didn't It’s He’s She’s I’m We’re They’re That’s "
               "There’s Don’t Didn’t Throughout Across Along Around About Above Below Behind "
               "Beyond Much More Less Any Either Neither Never Always Often Sometimes Usually "
               "Recently Currently Initially Eventually Originally Previously Subsequently "
               "Afterwards Unfortunately Fortunately Indeed Rather Shortly"),
      words_of("said says asked asks replied replies answered cried shouted added adds wrote "
               "writes whispered called exclaimed wondered insisted demanded murmured muttered "
               "repeated inquired enquired announced began continued laughed sighed told"),
      words_of("vitamin Vitamin plan Plan type Type class Class group Group grade Grade "
               "hepatitis Hepatitis section Section appendix Appendix part Part figure Figure "
               "table Table model Model team Team point Point line Line zone Zone block Block "
               "schedule Schedule exhibit Exhibit option Option category Category phase Phase "
               "series Series gate Gate hall Hall building Building room Room unit Unit studio "
               "Studio deck Deck factor Factor step Step stage Stage case Case side Side")};
  return words;
}

const LanguageWords& german() {
  static const LanguageWords words = {
      words_of("Dr Prof Hr Fr Frl Ing Dipl Dipl.-Ing Mag St Frhr Hptm Lt Oblt Gen Pfr Univ Hl "
               "hl jur med phil rer nat Mr Mrs Ms"),
      words_of("Nr Nrn nr Abs Art Abb S Bd Bde Kap Tab Ziff lit Rn Rz Anm Jg H Bl Tel Az Aufl "
               "ca Ca No Fig Vol"),
      words_of("z.B d.h D.h i.d.R z.T u.U v.a s.o s.u o.g i.e i.A i.V bzw Bzw vgl Vgl sog evtl "
               "ggf Ggf inkl exkl zzgl abzgl insb insbes bspw sowie resp vs einschl ausschl "
               "gem lt geb gest verh mind max min nördl südl östl westl ehem Ehem gegr zw Z.B "
               "e.g m.E Hrsg hrsg verf Verf Inh inh entspr jew sen jun"),
      words_of("usw usf etc u.a u.ä o.ä u.Ä o.Ä v.Chr n.Chr Chr Jh Jhd Jhdt Mio Mrd Tsd Str "
               "str Pl GmbH Co e.V e.G i.R a.D Jr Sr Inc Ltd Corp Jan Feb Mrz Apr Jun Jul Aug "
               "Sep Sept Okt Nov Dez Mo Di Mi Do Sa So a.M a.d.R Std Min Sek Stck Stk "
               "Verl Abt Ausg Jgg Red Dept"),
      words_of("Der Die Das Den Dem Des Ein Eine Einen Einem Einer Eines Er Sie Es Wir Ihr Ich "
               "Du In Im Am An Auf Aus Bei Beim Mit Nach Von Vom Zu Zum Zur Für Über Unter Um "
               "Vor Seit Durch Gegen Ohne Bis Als Wenn Weil Da Dann Danach Damals Dort Hier "
               "Doch Aber Und Oder Sondern Denn Auch Nur Schon Noch Heute Gestern Morgen "
               "Später Dieser Diese Dieses Diesen Diesem Jener Jene Sein Seine Seinen Seiner "
               "Ihre Ihren Ihrer Unser Unsere Mein Meine Dein Viele Einige Manche Alle Beide "
               "Jeder Jede Jedes Kein Keine Keiner Niemand Nichts Was Wer Wie Wo Warum Wann "
               "Welche Welcher Ob Obwohl Während Nachdem Bevor Trotz Trotzdem Dennoch Außerdem "
               "Zudem Daher Deshalb Darum Damit Dabei Dafür Dagegen Dazu So Man Mehrere Zwei "
               "Drei Vier Fünf Zuvor Zunächst Schließlich Endlich Inzwischen Allerdings Jedoch "
               "Nun Jetzt Bald Wieder Sogar Immer Nie Vielleicht Ja Nein Nicht Zwischen "
               "Innerhalb Neben Hinter Wegen Laut Ist Sind War Waren Hat Haben Hatte Hatten "
               "Wird Werden Wurde Wurden Kann Können Konnte Muss Müssen Soll Sollte"),
      words_of("sagte sagt lachte fragte fragt antwortete rief schrieb meinte erklärte ergänzte "
               "flüsterte betonte wiederholte murmelte erwiderte"),
      words_of("Vitamin Plan Typ Klasse Gruppe Hepatitis Abschnitt Anhang Teil Abbildung "
               "Tabelle Modell Team Punkt Linie Zone Block Variante Phase Serie Gleis Halle "
               "Raum Haus Stufe Fall Seite")};
  return words;
}

const LanguageWords& other() {
  static const LanguageWords words = {words_of("Dr Prof Mr Mrs St"), {}, {}, {}, {}, {}, {}};
  return words;
}

}  // namespace

SentenceWords::SentenceWords(std::string_view language)
    : words_(language == "de"   ? &german()
             : language == "en" ? &english()
                                : &other()),
      known_(language == "de" || language == "en") {
  constexpr std::string_view kWithOrdinals[] = {"cs", "da", "de", "et", "fi", "hr",
                                                "hu", "is", "lv", "nb", "nn", "no",
                                                "pl", "sk", "sl", "sr", "tr"};
  ordinals_ = std::ranges::find(kWithOrdinals, language) != std::end(kWithOrdinals);
}

Abbreviation SentenceWords::abbreviation(std::string_view word) const {
  if (words_->title.contains(word)) return Abbreviation::kTitle;
  if (words_->inside.contains(word)) return Abbreviation::kInside;
  if (words_->number.contains(word)) return Abbreviation::kNumber;
  return words_->may_end.contains(word) ? Abbreviation::kMayEnd : Abbreviation::kNone;
}

bool SentenceWords::begins_sentences(std::string_view word) const {
  return words_->begins.contains(word);
}

bool SentenceWords::speaks(std::string_view word) const { return words_->speaks.contains(word); }

bool SentenceWords::labels(std::string_view word) const { return words_->labels.contains(word); }

}  // namespace relatum::graph

"""Words a report may always use, and names it may not: what de-identification starts from.

Sites add their own of both; what a report's neighbours write in lower case is learned beside it.
"""

from __future__ import annotations

import re

_CLINICAL_TEXT = """
a abdomen abdominal abnormal abnormalities abnormality about above abscess absence absent
accentuated accessory acute additional adenopathies adenopathy adequate adjacent afb after again
aicd aids air airspace airway all also although alveolar am aml amount an and angle angles anomaly
another anterior antero anteroposterior any aorta aortic aortopulmonary ap apart apex apical
apically apices apparent appear appearance appearances appears appropriate approximately arch ards
are area areas arteriosum artery artifact as aspect aspiration asymmetric asymmetry at atelectases
atelectasis atelectatic atherosclerosis atherosclerotic atrial atrium atypical azygos bal band
bands basal base bases basilar be because been before below benign between bibasilar bilateral
bilaterally bipap blunted blunting bmi bochdalek body bone bones bony borderline both bowel bp
breast bronchi bronchial bronchiectasis bronchitis bronchogram bronchograms bronchopneumonia
bronchopulmonary bronchovascular bronchus bulla bullae but by cabg calcification calcifications
calcified can candidiasis cardiac cardiomediastinal cardiomegaly cardiopulmonary cardiothoracic
carina catheter catheters cava caval cavitary cavitation cavity centered central cephalization
cerebral cervical change changed changes chest chf chilaiditi chronic ckd clavicle clavicles clear
cleared clearing clinical clips cm cml collapse collapsed compare compared comparison compatible
compression concern concerning confluent congestion congestive consider considering consistent
consolidation consolidations consolidative continued continues contour contours cop copd core
coronal correlate correlation costal costophrenic could course cov covid cpap critical crp ct cta
ctpa cuffing cvc cyst cystic cysts day days deformity degenerative dense densities density
depending developing deviation device devices dextroscoliosis diagnostic diaphragm diaphragmatic
did diffuse dilated discrete disease disk distal distended distribution dm do dobhoff does double
down dr drs dual due during dvt dx dysphagia each ecg ecmo ed edema effusion effusions eight
either electrodes elevated elevation embolism emphysema emphysematous empyema endotracheal
endplates enlarged enlargement enteric er erosions et ett eval evaluation eventration every
evidence evident examination excavatum exclude extending extension extensive extent extremity
febrile female fev field fields fig figs figure figures film findings first fissure fissures
fistula five flattened flattening fluid focal foci focus follow following followup for foreign
formed four fracture fractures free from frontal fully fungal further ganz gas gastric generalized
gerd ggo gi given gleason grade granuloma granulomas granulomata granulomatous greater gross
grossly ground gsw gu had haemoptysis haemothorax hampton has have haziness hazy he healed heals
heart height hematoma hemidiaphragm hemidiaphragms hemithorax hemorrhage hence her here hernia
hiatal hiatus high hila hilar hilum his hiv hodgkin hour hours how however hrct human humeral
humerus hx hydropneumothorax hyperdense hyperexpanded hyperexpansion hyperinflated hyperinflation
hyperlucency hyperlucent hypertension hypertrophic hypoinflation iabp icd icu if ii iii ild ill im
image images imaging immunodeficiency impella impression improved improvement improving in
inadequate incidental increase increased increasing indeterminate infarct infection infectious
inferior infiltrate infiltrates infiltration inflammation inflammatory inflated inflation
inspiration inspiratory intact intercostal interim interlobular internal interstitial interstitium
interval intervertebral intraperitoneal intrathoracic intubated intubation ipf is it its iv ivc
joint jugular kerley kyphosis kyphotic lad large lateral lead leads left legionella lesion lesions
less level levoscoliosis ligamentum likely limited limits line linear lines lingula lingular
little lll lobar lobe lobectomy lobes lobulated loculated loss low lower lt lucency lucent lul
lumbar lumbosacral lung lungs lvad lymph lymphadenopathy lymphangitic lymphoma main mainstem major
male man marked markedly markings mass masses mastectomy may maybe measuring medial mediastinal
mediastinum mediport metastases metastasis metastatic mid middle midline midlung midsagittal might
mild mildly miliary minimal minimally minor mm moderate moderately monitor monitoring month months
more morgagni most motion mr mra mri mrs ms mucus multifocal multilevel multilobar multiple must
mva mvc mycoplasma nasogastric near necrosis negative neoplasm new ng ngt nine nipple no node
nodes nodular nodule nodules noncalcified none normal not note noted now nsclc nsip obscured
obscuring obstruction obstructive oedema of off og ogt old on only op opacification opacifications
opacified opacities opacity or organizing osseous osteoarthritis osteopenia osteopenic osteophyte
osteophytes other otherwise out over overall overload overlying pa pacemaker paratracheal
parenchyma parenchymal partial partially patchy patient pattern pcp pcr pe pectus peep
peribronchial pericardial pericardium perihilar peripheral peripherally perivascular persistent
person pet pfo phrenic picc place plate platelike please pleura pleural pleurisy pm pneumatocele
pneumatoceles pneumomediastinum pneumonectomy pneumonia pneumonias pneumonic pneumonitis
pneumoperitoneum pneumothoraces pneumothorax po poly poor portable portion position positioned
possible post posterior posteroanterior postoperative postsurgical predominance predominantly
presence present pressure prevertebral previous previously prn probable probably process processes
prof professor prominence prominent prone prosthesis prosthetic proximal pulmonary questionable
radiograph radiographic radiographically radiographs radiolucent radiopaque radiotherapy rash
rather raynaud rca reading readings real recent recommend recommended reduced region regional
related remain remains resection residual resolution resolved respiratory result results reticular
reticulonodular retrocardiac retrosternal rib ribs right rightward rll rml rna rotated rotation
round rounded routine rt rul rvad rx sagittal sarcoidosis sars scapula scar scarring scattered
sclc sclerosis scoliosis second see seen segment segmental segments septal sequela sequelae serial
seven severe severity shadow shadowing shall sharp she shift should shoulder side sided sign
significant significantly signs silhouette silhouettes simple since six size skeletal skin slight
slightly small smooth soft solitary some space spaces spine spondylosis stable stent sternal
sternotomy sternum still stomach straightening stranding structures subclavian subcutaneous
subdiaphragmatic suboptimal subpleural subsegmental substantial subtle such suggest suggesting
suggestion suggestive sulcal superimposed superior supine support suprahilar surfaces surgical
suspected suspicion suspicious suture sutures svc swan sx symmetric syndrome tavi tavr tb
technique ten terminates than that then there therefore these they thickened thickening thickness
third this thoracic thoracotomy thorax those three thus tip tissue tissues to tortuosity tortuous
trachea tracheal tracheostomy transplant trauma tube tuberculosis tuberculous tubes tubing tumor
tumour two uip unchanged under underlying unfolded unilateral unremarkable until up upper upright
upwards us valve valves varices vascular vasculature vein vena venous ventricle ventricular
vertebra vertebrae vertebral vertebroplasty vessels view viral visible visualization visualized
volume volumes volumetric vp was wbc we wedge week weeks well were what when where which while
white who whole why wide widened widening width will winged wire wires with within without woman
worse worsened worsening would x xray year years yet zone zones
"""
CLINICAL = frozenset(_CLINICAL_TEXT.split())

# Common given and family names that are no words of a report; the site's staff list says more.
_NAMES_TEXT = """
aaron abbas abdul abdullah adam adams agnes ahmad ahmed alan alberto alejandro alexander alexandra
ali alice alison allison alvarez amanda amelia amy ana anderson andrea andreas andrew angela anita
anna anne anthony antonio arthur barbara bauer becker benjamin bernard bernd betty bianca bradley
brandon brenda brian bruce bryan campbell carl carla carlos carmen carol caroline carolyn carter
castillo catherine charles charlotte chavez chen cheryl christian christina christine christoph
christopher claire claudia collins craig cynthia daniel daniela david davies davis deborah denise
dennis diana diane diaz diego dietrich dolores donald donna dorothy douglas dubois duncan edgar
edith eduardo edward edwards elena elizabeth emily emma enrique eric erik eva evans evelyn fatima
felix fernandez fernando fischer florian francesca francesco francisco frank franz frederick
gabriel garcia gary georg george gerald giovanni giulia gloria gomez gonzales gonzalez gordon
gregory greta guillermo gutierrez hannah hans harold harris harry hassan heather helen helena
helmut henri henry hernandez hoffmann howard hughes hussein ibrahim ines ingrid isabel isabella
ivan jackson jacob jacqueline jacques jaime james jan jane janet janice jason javier jean jeffrey
jennifer jenny jens jeremy jessica jesus jim jimenez joan joe johann johannes john johnson
jonathan jones jordan jorge jose joseph joshua joyce juan juana judith judy julia julie jung
justin karen karl katharina katherine kathleen keith kelly kenneth kevin kim klaus klein koch
kumar kurt larry laura lauren lawrence lee leonard lewis li linda lisa liu lopez louis louise
lucas lucia luis lukas marco margaret maria marie marilyn mario mark markus martha martin martina
martinez mary matthew matthias megan mehmet meyer michael michel michelle miguel miller mitchell
mohamed mohammad mohammed monica monika moore morales moreno morgan morris mueller muhammad murphy
mustafa müller nancy natalie nathan neumann nguyen nicholas nicolas nicole norma olga oliver
olivia omar ortiz oscar pablo pamela patel patricia patrick paul paula pedro pereira perez peter
petra philip philipp phillips pierre rachel ralph ramirez ramos raymond rebecca reyes ricardo
richard richter rita rivera robert roberto roberts robinson rodriguez roger ronald rosa ross roy
ruth ryan samantha samuel sanchez sandra santos sarah schmidt schneider schroeder schröder schulz
schwarz scott sean sebastian sergio sharon shirley silva simon singh smith sofia sophie stefan
stephan stephanie stephen stewart susan sven sylvia taylor teresa terry theresa thomas thompson
timothy tobias torres tyler ursula ute valentina vanessa victor victoria vincent virginia walker
walter wang watson weber werner wilhelm william williams wilson wolf wolfgang xavier yusuf zhang
zimmermann
"""
NAMES = frozenset(_NAMES_TEXT.split())

MONTHS = (
    "jan(?:uary|uar|\\.)?|feb(?:ruary|ruar|\\.)?|mar(?:ch|\\.)?|märz|apr(?:il|\\.)?|may|mai|"
    "jun(?:e|i|\\.)?|jul(?:y|i|\\.)?|aug(?:ust|\\.)?|sep(?:tember|t\\.?|\\.)?|"
    "o[ck]t(?:ober|\\.)?|nov(?:ember|\\.)?|de[cz](?:ember|\\.)?"
)

# Beginnings and endings of words that only medicine makes.
MEDICAL = re.compile(
    r"^(?:hemi|cardio|pneumo|broncho|bronchi|tracheo|thoraco|pleuro|pulmo|mediastin|retro|supra|"
    r"infra|intra|hyper|hypo|costo|sterno|osteo|vaso|hepato|spleno|gastro|endo|micro)\w{3,}$"
    r"|\w{3,}(?:itis|osis|oses|omas?|ectomy|otomy|ostomy|graphy|graph|graphic|gram|scopy|pathy|"
    r"plasty|ectasis|ectases|emia|megaly|thorax|centesis|trophy|plasia|sclerosis|edema|cele|lysis|"
    r"genic)$"
)
# Those of plain English; "Reynolds" and "Clement" have them too, so a capital outweighs them.
GENERAL = re.compile(
    r"^(?:peri|para|sub|inter|post|pre|non|multi|poly|trans|over|under|un|re|dis|anti)\w{3,}$"
    r"|\w{3,}(?:tion|tions|ment|ness|ically|ally|ated|ating|ular|eous|ious|ities|ity)$"
)

"""Questions in Spanish, as the English words that our pages would use for them. Pure; our own list, word for word.

It translates what is asked, never what is answered: our pages are in English, and the search page says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from education.search.spelling import Vocabulary, slips
from education.search.synonyms import words_of

SHORTEST_FIXED: Final = 6
UNSAID: Final = (
    "a al algo algun alguna ante antes aqui asi aun como con cual cuales cuando cuanto cuanta cuantos cuantas de del "
    "desde donde dos e el ella ellas ellos en entre era es esa ese eso esta estan estar estas este esto estos estoy "
    "fue ha hace hacer hacerme hacen hago han hasta hay he la las le les lo los mas me mi mis muy nada ni no nos o os "
    "otra otro otros para pero poco podria por porque pude puede pueden puedo pues que quien quienes quiero se sea "
    "ser si siento sin sobre son soy su sus tal tambien tan te tener tengo tiene tienen todo todos tras tu tus un una "
    "uno unos unas va van ver verdad y ya yo debo debe deberia hola favor necesito saber significa existe sirve "
    "sirven medio cada mucho mucha muchos muchas despues durante contra segun hacia dice dicen hablar"
)
LITTLE_WORDS: Final = frozenset(UNSAID.split())
SHARED: Final = "a e he has me no o os son van tan sea era he ha se dos y la"
BOTH: Final = frozenset(SHARED.split())
"""Little words of Spanish that English has too, so that they show nothing."""
MEANINGS: Final = """
acetaminofen paracetamol = acetaminophen
acupuntura = acupuncture
ahora inmediatamente = now
adherencia = scar
adulta adulto = adult
alivio aliviar alivia = relief
anestesia = anaesthetic
animal animales = animals
antiinflamatorio antiinflamatorios = anti inflammatory
aprobado aprobada aprobados aprobadas aprobacion autorizado autorizada autorizadas autorizados = approved
articulacion articulaciones = joint
articulaciones facetarias | articulacion facetaria | facetas | faceta | facetaria | facetario = facet joint
artritis artrosis = arthritis
artrosis facetaria | artritis facetaria | sindrome facetario = facet joint arthritis
aseguradora aseguradoras cobertura = insurance
ayuda ayudan ayudar = help
ayuda para decidir | herramienta de decision | decidir | decision = decision aid
baja = low
beneficio beneficios = benefits
cadera = hip
cancer = cancer
caminar camino camina andar = walking
cartilago = cartilage
caro cara costoso = cost
celulas celula = cells
celulas madre | celula madre | celulas troncales | celula troncal | celulas madres = stem cells
celulas del donante | celulas de donante | donante = donor cells
celulas propias | propias celulas | mis propias celulas | propio propia = own cells
ciatica = sciatica
ciencia cientifico cientifica cientificos estudio estudios investigacion investigaciones = studies
cirugia cirugias operacion operaciones operar operarme operarse = surgery
cirujano = surgeon
cita citas turno = appointment
clinica clinicas = clinic
columna vertebral | columna | espinazo = spine
compresion = compression
conducir manejar = driving
consentimiento = consent
consulta = consultation
comparar comparacion compara = compare
condicion condiciones enfermedad enfermedades = conditions
corticoide corticoides cortisona esteroide esteroides infiltracion infiltraciones = steroid injection
costo costos coste costes cuesta cuestan cuesten precio precios tarifa tarifas vale cobran = cost
crecer crece regenera regenerar regeneran regeneracion = grow back
crema = cream
cronico cronica = chronic
tarda tardan tardar tiempo = long
cuerpo = body
cura curar curan curarse curo curacion sana sanar = cure
dano danos lesion lesiones = damage
debilidad = weakness
dia = day
dia del procedimiento | dia de la inyeccion = day of the procedure
diagnostico = diagnosis
disco discos = disc
disco desgastado | desgaste = worn discs
disco roto | disco desplazado | disco salido | disco herniado | discos herniados = herniated disc
discopatia | enfermedad degenerativa del disco | degeneracion discal = degenerative disc disease
discopatia degenerativa | disco degenerado | discos degenerados = degenerative disc disease
enfermedad discal degenerativa | enfermedad discal degenerativa = degenerative disc disease
degenerativa degenerativo degeneracion = degenerative
doctor doctora medico medica medicos = doctor
dolor dolores duele duelen doler adolorido dolorido = pain
dolor de espalda | dolor en la espalda | espalda baja | dolor lumbar | lumbalgia | lumbago | lumbar = back pain
dolor de cintura | duele la espalda | espalda me duele = back pain
dura durar duran duracion = last long
placebo = placebo
efectos secundarios | efecto secundario | efectos adversos | efecto adverso = side effects
efectivo efectiva eficaz eficaces eficacia efectivas efectividad = work
ejercicio ejercicios = exercise
embarazada embarazo = pregnant
embrionaria embrionarias embrion embriones = embryonic
emergencia emergencias urgencia urgencias urgente = emergency
empeora peor empeorar = worse
engano estafa fraude = scam
ensayo clinico | ensayos clinicos | ensayo ensayos = clinical trials
entumecimiento adormecimiento hormigueo adormecida dormida = numbness
epidural epidurales = epidural
espalda = back
espera esperar = wait
estenosis = stenosis
estenosis espinal | estenosis lumbar | canal estrecho | estenosis de canal = spinal stenosis
canal lumbar estrecho | conducto estrecho | estrechamiento = spinal stenosis
evidencia evidencias prueba pruebas = evidence
exosoma exosomas = exosomes
experiencia experiencias testimonio testimonios historia historias opinion opiniones = stories
experimental experimentales = experimental
experto expertos especialista especialistas = experts
extranjero viajar = travel abroad
fiebre calentura = fever
fisioterapia | fisioterapeuta | terapia fisica | rehabilitacion | rehab = physiotherapy
fuente fuentes referencia referencias bibliografia = sources
funciona funcionan funcionar funcionamiento = work
fusion = fusion
glosario = glossary
grado grados = grade
grasa = fat
sentado sentarse sentada = sitting
hernia hernias = herniated disc
hernia de disco | hernia discal | hernias discales | hernia lumbar | hernias de disco = herniated disc
hueso huesos = bone
ibuprofeno = ibuprofen
imagen imagenes escaner radiografia tomografia = scan
infeccion infecciones infectar = infection
inyeccion inyecciones inyectar inyectan = injection
laboratorio = laboratory
legal legales ley leyes = law
licencia = approved
medicamento medicamentos medicina medicinas pastilla pastillas = medicines
analgesico analgesicos calmante calmantes = painkillers
medula osea | tuetano | medula = bone marrow
medula espinal = spinal cord
mejor mejores = better
mejora mejorar mejorara mejoria = improve
mesenquimal mesenquimales = mesenchymal
miedo = afraid
morfina opioide opioides opiaceos = opioids
movimiento mover = moving
musculo musculos muscular = muscle
nervio nervios = nerve
nervio atrapado | nervio pinzado | pinzado pinzamiento = pinched nerve
nervio ciatico = sciatica
nino ninos = children
nuevo nueva = new
orinar orina = urinate
paciente pacientes = patient
paga pagan pagar pago = pay
cubre cubren = insurance cover
palabra palabras diccionario termino terminos = glossary
pasa pasar ocurre = happens
paso pasos = steps
pierna piernas = leg
pie = foot
plaqueta plaquetas = platelet
plasma rico en plaquetas | plasma rico = platelet rich plasma
pregunta preguntas preguntar preguntarle = questions to ask
preparacion preparar prepararme prepararse preparo = prepare
privacidad = privacy
problema problemas complicacion complicaciones = complications
procedimiento procedimientos = procedure
promesa promesas prometen promete = promises
queja quejas reclamo = complaint
quiropractico = chiropractor
radiofrecuencia = radiofrequency
recuperacion recuperar recuperarse recuperarme recupero = recovery
reposo descansar descanso cama = rest
resonancia | resonancia magnetica = mri
resultado resultados = results
riesgo riesgos peligro peligros peligroso peligrosa peligrosas peligrosos = risks
sangre = blood
seguridad = safety
segura seguro = safe insurance
regulacion regulan regula = regulation law
seguimiento revision controles control = follow up
senal senales alarma = signs
sintoma sintomas = symptoms
tejido = tissue
terapia terapias tratamiento tratamientos tratar = treatment
tipo tipos clase clases = types
trabajar trabajo = work
vejiga = bladder
intestino = bowel
diferencia = difference
"""
"""Words of one meaning, or names of several words between bars, and what they are in English."""


def root(word: str) -> str:
    """A Spanish word, folded, without the ending of its number, its gender or its person; rough."""
    if len(word) > 4 and word.endswith("es") and word[-3] not in "aeiou":
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s"):
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] in "aeo" else word


def roots(text: str) -> tuple[str, ...]:
    return tuple(root(word) for word in words_of(text) if word not in LITTLE_WORDS)


def _meanings() -> dict[tuple[str, ...], str]:
    meanings: dict[tuple[str, ...], str] = {}
    for line in MEANINGS.strip().splitlines():
        names, _, english = line.partition(" = ")
        for name in names.split("|") if "|" in names else names.split():
            meanings.setdefault(roots(name), english)
    return meanings


class Read(NamedTuple):
    """A Spanish question: its words as they were meant, and what they are in English."""

    meant: list[str]
    english: list[str]


MEANING: Final = _meanings()
LONGEST_NAME: Final = max(map(len, MEANING))
WORDS: Final = frozenset(one for name in MEANING for one in name)


def in_english(words: Sequence[str], vocabulary: Vocabulary, known: Iterable[str] = ()) -> Read | None:
    """A Spanish question as it was meant, and in English, unknown words as they are; None when it is not Spanish.

    Spanish is what has a Spanish word that our English texts do not have, and as many Spanish words as others.
    `known`: Spanish words of questions that we answer, beside those of which we know the meaning.
    """
    spanish = {one: one for one in WORDS} | {root(word): word for word in sorted(known) if word not in LITTLE_WORDS}
    meant = [_meant(word, vocabulary, spanish) for word in words]
    ours = [word for word in meant if word in LITTLE_WORDS or root(word) in spanish]
    if 2 * len(ours) < len(words) or not any(
        word not in BOTH and not vocabulary.knows(word) and (word in LITTLE_WORDS or root(word) in spanish)
        for word in meant
    ):
        return None
    asked = [word for word in meant if word not in LITTLE_WORDS]
    english: list[str] = []
    index = 0
    while index < len(asked):
        for length in range(min(LONGEST_NAME, len(asked) - index), 0, -1):
            meaning = MEANING.get(tuple(root(word) for word in asked[index : index + length]))
            if meaning or length == 1:
                english += meaning.split() if meaning else [asked[index]]
                index += length
                break
    return Read(meant, english)


def _meant(word: str, vocabulary: Vocabulary, spanish: Mapping[str, str]) -> str:
    """The word, or the Spanish one it was probably meant to be, when English has none that is near."""
    bare = root(word)
    if bare in spanish or word in LITTLE_WORDS or len(word) < SHORTEST_FIXED or vocabulary.knows(word):
        return word
    near = min(((slips(bare, other), other) for other in spanish if abs(len(bare) - len(other)) <= 1), default=(2, ""))
    return spanish[near[1]] if near[0] <= 1 and not vocabulary.nearest(word) else word
